using Capvec.Engine.Interventions;
using Capvec.Engine.Loading;
using Capvec.Experiments.Results;
using Capvec.Experiments.Storage;

namespace Capvec.Experiments.Running;

/// <summary>An arm, ready to run.</summary>
internal sealed record TrialArm
{
    public required string Name { get; init; }

    public required ArmKind Kind { get; init; }

    public IReadOnlyList<int> Layers { get; init; } = [];

    public double? Strength { get; init; }

    public double? Alpha { get; init; }

    public LoraAdapter? Adapter { get; init; }

    public SteeringPlan Steering { get; init; } = SteeringPlan.None;

    /// <summary>Arms with the same word draw the same seeds, so that they are paired; base against itself has another.</summary>
    public string SeedStream { get; init; } = "paired";

    public ArmRow ToRow(string stage, int position, string? adapter, int planned) => new(stage, position, Name, Kind, Layers, Strength, Alpha, adapter, planned);
}
