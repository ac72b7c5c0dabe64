using Capvec.Steering.Specification;

namespace Capvec.Experiments.Studies;

/// <summary>An arm whose steering is written out in the study.</summary>
/// <param name="Name">The arm's name.</param>
/// <param name="Steering">What acts; the source <c>direction</c> is the study's own direction set, others are direction files.</param>
public sealed record SteeredArm(string Name, SteeringSpec Steering)
{
    /// <summary>The source that stands for the study's own directions.</summary>
    public const string OwnDirections = "direction";
}
