namespace Capvec.Experiments.Studies;

/// <summary>The trials that count, on the test tasks.</summary>
/// <param name="Attempts">Attempts of each arm at each task.</param>
/// <param name="Layers">0-based blocks, each an arm of its own; null for the chosen one.</param>
/// <param name="Strengths">Strengths, each an arm of its own at every layer; null for the chosen one.</param>
/// <param name="MultiLayer">Arms that steer several layers at once, each with its own direction.</param>
/// <param name="Adapters">Adapters that are tested too.</param>
public sealed record SweepPlan(int Attempts, IReadOnlyList<int>? Layers, IReadOnlyList<double>? Strengths, IReadOnlyList<LayerSet> MultiLayer, IReadOnlyList<string> Adapters)
{
    /// <summary>Arms whose steering is written out.</summary>
    public IReadOnlyList<SteeredArm> Steering { get; init; } = [];
}
