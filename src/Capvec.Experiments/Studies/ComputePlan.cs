namespace Capvec.Experiments.Studies;

/// <summary>How much runs at once. No result depends on it.</summary>
/// <param name="Concurrency">Trials at the same time.</param>
/// <param name="Threads">Threads that compute; null for the machine's processors.</param>
/// <param name="Permutations">Relabellings of the permutation test of the ranking; 0 leaves it out.</param>
public sealed record ComputePlan(int Concurrency = 32, int? Threads = null, int Permutations = 1000);
