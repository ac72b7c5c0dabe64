namespace Capvec.Experiments.Results;

/// <summary>What a study found.</summary>
public enum VerdictKind
{
    /// <summary>The steered arm passes more often than base, and the controls do not.</summary>
    Lift,

    /// <summary>The steered arm passes less often than base.</summary>
    Harm,

    /// <summary>The study is about refusals: the steered arm refuses less often than base, and the controls do not.</summary>
    FewerRefusals,

    /// <summary>The study is about refusals: the steered arm refuses more often than base.</summary>
    MoreRefusals,

    /// <summary>No difference was found; the interval says how large one could have been missed.</summary>
    NoDifference,

    /// <summary>A control moved too, so a difference cannot be put down to the direction.</summary>
    ControlFailed,

    /// <summary>The study has no usable trials for the comparison yet.</summary>
    Incomplete,
}
