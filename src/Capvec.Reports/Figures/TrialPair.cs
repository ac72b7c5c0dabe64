using Capvec.Experiments.Results;

namespace Capvec.Reports.Figures;

/// <summary>Two trials on the same task, attempt and seed.</summary>
/// <param name="Left">The trial of the first arm, base as a rule.</param>
/// <param name="Right">The trial of the other arm.</param>
internal sealed record TrialPair(TrialRow Left, TrialRow Right)
{
    /// <summary>Whether both have a reward.</summary>
    public bool Counts => Left.Reward is not null && Right.Reward is not null;
}
