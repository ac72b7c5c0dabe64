namespace Capvec.Steering.Audit;

/// <summary>What a direction has to do with one fact about the traces that made it.</summary>
/// <param name="Fact">The fact's name.</param>
/// <param name="Levels">Into how many levels it parts the traces.</param>
/// <param name="Separation">How well the held-out scores tell the fact itself, 0.5 to 1.</param>
/// <param name="Pairs">Pairs of a positive and a negative at the same level.</param>
/// <param name="HeldFixed">The share of these pairs in which the positive has the higher held-out score, ties counted half: the AUC that is left when the fact is held fixed. Null without a pair.</param>
public sealed record Confound(string Fact, int Levels, double Separation, long Pairs, double? HeldFixed)
{
    /// <summary>Whether the contrast is the fact: no level holds both a positive and a negative, so nothing can tell the two apart.</summary>
    public bool IsInseparable => Pairs == 0;

    /// <summary>
    /// Whether more than half of what the direction tells is gone when the fact is held fixed: <c>HeldFixed - 0.5 &lt; (heldOut - 0.5) / 2</c>.
    /// A rule of thumb, not a test: it is fixed here so that nobody chooses it after seeing the figures.
    /// </summary>
    /// <param name="heldOut">The held-out AUC over all pairs.</param>
    public bool TakesMost(double heldOut) => HeldFixed - 0.5 < (heldOut - 0.5) / 2;
}
