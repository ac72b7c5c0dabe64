namespace Capvec.Experiments.Results;

/// <summary>What an arm is in a study.</summary>
public enum ArmKind
{
    /// <summary>The plain model: what every other arm is compared with.</summary>
    Base,

    /// <summary>The plain model again with other seeds (A/A): how far two equal arms lie apart.</summary>
    AgainstItself,

    /// <summary>The model with an adapter.</summary>
    Adapter,

    /// <summary>The model steered with the direction under test.</summary>
    Steered,

    /// <summary>Steered with strength 0: must give base's trials bit for bit.</summary>
    AlphaZero,

    /// <summary>Steered with a random direction of the same length.</summary>
    Random,

    /// <summary>Steered with the direction reversed.</summary>
    Negative,
}
