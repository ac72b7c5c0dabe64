using Capvec.Steering.Estimation;

namespace Capvec.Experiments.Studies;

/// <summary>What is set against what, and how a direction is made of it.</summary>
/// <param name="Positives">Traces the direction shall point to.</param>
/// <param name="Negatives">Traces it shall point away from.</param>
/// <param name="Positions">Which tokens are read.</param>
/// <param name="MixedTasksOnly">Whether only tasks with traces on both sides enter: so that the direction cannot tell tasks apart, and tasks that are never or always solved drop out.</param>
public sealed record ContrastPlan(IReadOnlyList<ContrastSide> Positives, IReadOnlyList<ContrastSide> Negatives, TokenPositions Positions, bool MixedTasksOnly)
{
    /// <summary>How the direction is made of them: a name of <see cref="DirectionEstimators.Names"/>.</summary>
    public string Estimator { get; init; } = MeanDifference.Name;

    /// <summary>In words, for reports and provenance.</summary>
    public override string ToString() =>
        $"{string.Join(", ", Positives)} minus {string.Join(", ", Negatives)}{(MixedTasksOnly ? ", of tasks with traces on both sides" : "")}";
}
