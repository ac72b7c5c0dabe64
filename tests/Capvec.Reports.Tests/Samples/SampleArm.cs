using Capvec.Experiments.Results;

namespace Capvec.Reports.Tests.Samples;

/// <summary>An arm of a made-up study and how it does.</summary>
/// <param name="Name">Name.</param>
/// <param name="Kind">Kind.</param>
/// <param name="Rate">Chance to pass a task that can be passed.</param>
/// <param name="Layers">Blocks steered.</param>
/// <param name="Strength">Strength.</param>
/// <param name="Unreadable">Chance that a trial has an unreadable reply.</param>
/// <param name="Lost">Chance that a trial has no reward.</param>
internal sealed record SampleArm(string Name, ArmKind Kind, double Rate, int[]? Layers = null, double? Strength = null, double Unreadable = 0.2, double Lost = 0);
