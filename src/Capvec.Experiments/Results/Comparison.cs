namespace Capvec.Experiments.Results;

/// <summary>One arm against base on the same tasks and seeds.</summary>
public sealed record Comparison
{
    /// <summary>Mean over tasks of (pass rate of the arm - pass rate of base).</summary>
    public required double PairedDifference { get; init; }

    /// <summary>95% interval of the paired difference, from the spread between tasks.</summary>
    public required Interval PairedInterval { get; init; }

    /// <summary>Sign-flip permutation p of the paired difference, two-sided.</summary>
    public required double PairedP { get; init; }

    /// <summary>Tasks compared.</summary>
    public required int Tasks { get; init; }

    /// <summary>Fisher's exact p that the arm passes more often, one-sided.</summary>
    public required double FisherGreater { get; init; }

    /// <summary>Fisher's exact p that the arm passes less often, one-sided.</summary>
    public required double FisherLess { get; init; }

    /// <summary>Fisher's exact p, two-sided.</summary>
    public required double FisherTwoSided { get; init; }

    /// <summary>The two-sided Fisher p after Holm's correction over the stage's comparisons.</summary>
    public required double Holm { get; init; }
}
