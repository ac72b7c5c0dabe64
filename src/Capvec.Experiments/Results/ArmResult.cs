using Capvec.Agents.Traces;

namespace Capvec.Experiments.Results;

/// <summary>What one arm did, and how it compares with base. Null rewards are counted apart and never as failures.</summary>
public sealed record ArmResult
{
    /// <summary>Name, the same everywhere, for example "base" or "L3 x4".</summary>
    public required string Name { get; init; }

    /// <summary>What the arm is.</summary>
    public required ArmKind Kind { get; init; }

    /// <summary>"selection" (trials that chose the candidate) or "test" (trials that count).</summary>
    public required string Stage { get; init; }

    /// <summary>0-based blocks steered; empty where nothing is.</summary>
    public IReadOnlyList<int> Layers { get; init; } = [];

    /// <summary>Strength in the study's unit, or null.</summary>
    public double? Strength { get; init; }

    /// <summary>Alpha in residual units of the unit direction, or null (also where several layers have different ones).</summary>
    public double? Alpha { get; init; }

    /// <summary>Trials with a reward.</summary>
    public required int Trials { get; init; }

    /// <summary>Trials with reward 1 (rewards of at least 0.5 count as passed).</summary>
    public required int Passed { get; init; }

    /// <summary>Trials without a reward (infrastructure failures).</summary>
    public required int Nulls { get; init; }

    /// <summary>Wilson 95% interval of the pass rate.</summary>
    public required Interval Wilson { get; init; }

    /// <summary>Sum of each failure mark over the trials.</summary>
    public required TrialMarks Marks { get; init; }

    /// <summary>Trials that met each mark at least once.</summary>
    public required TrialMarks TrialsMarked { get; init; }

    /// <summary>The comparison with base, null for base itself.</summary>
    public Comparison? AgainstBase { get; init; }

    /// <summary>Pass rate, NaN where there is no trial.</summary>
    public double Rate => Trials == 0 ? double.NaN : (double)Passed / Trials;
}
