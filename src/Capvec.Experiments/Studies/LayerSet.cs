namespace Capvec.Experiments.Studies;

/// <summary>Several layers steered at once.</summary>
/// <param name="Layers">0-based blocks, ascending.</param>
/// <param name="Strength">Of each layer's own direction.</param>
public sealed record LayerSet(IReadOnlyList<int> Layers, double Strength);
