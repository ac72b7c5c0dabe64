namespace Capvec.Experiments.Studies;

/// <summary>The control arms of the test.</summary>
/// <param name="AlphaZero">The steering code with strength 0: must give base's trials token for token.</param>
/// <param name="Random">Beside every steered layer and strength, a random direction of the same length.</param>
/// <param name="Negative">Beside every steered layer and strength, the direction reversed.</param>
/// <param name="AgainstItself">Base again with other seeds (A/A).</param>
public sealed record ControlPlan(bool AlphaZero = true, bool Random = true, bool Negative = true, bool AgainstItself = true);
