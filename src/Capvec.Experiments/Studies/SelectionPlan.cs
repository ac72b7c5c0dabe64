namespace Capvec.Experiments.Studies;

/// <summary>How layer and strength are chosen, on the selection tasks alone.</summary>
/// <param name="By">What decides.</param>
/// <param name="Layers">0-based blocks that may be chosen; null for all.</param>
/// <param name="Strengths">Strengths tried by a sweep; empty for the others.</param>
/// <param name="Attempts">Attempts of each arm at each task of a sweep; 0 for the others.</param>
/// <param name="MaxLayers">Most layers tried by a sweep, the best by held-out AUC x margin; null for all.</param>
public sealed record SelectionPlan(SelectionRule By, IReadOnlyList<int>? Layers, IReadOnlyList<double> Strengths, int Attempts, int? MaxLayers);
