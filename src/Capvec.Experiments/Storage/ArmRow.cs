using Capvec.Experiments.Results;

namespace Capvec.Experiments.Storage;

/// <summary>An arm as a stage planned it, kept so that results can be read without the model.</summary>
/// <param name="Stage">"collect", "selection" or "test".</param>
/// <param name="Position">Place among the stage's arms, base first.</param>
/// <param name="Name">Its name.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Layers">0-based blocks steered; empty where nothing is.</param>
/// <param name="Strength">Strength in the study's unit, or null.</param>
/// <param name="Alpha">Alpha in residual units, or null (also where several layers have different ones).</param>
/// <param name="Adapter">Name of the adapter, or null.</param>
/// <param name="Planned">Trials planned.</param>
public sealed record ArmRow(string Stage, int Position, string Name, ArmKind Kind, IReadOnlyList<int> Layers, double? Strength, double? Alpha, string? Adapter, int Planned);
