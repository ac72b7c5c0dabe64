namespace Capvec.Experiments.Studies;

/// <summary>The trials whose traces make the direction.</summary>
/// <param name="Arms">"base" and names of adapters.</param>
/// <param name="Attempts">Attempts of each arm at each task.</param>
public sealed record CollectPlan(IReadOnlyList<string> Arms, int Attempts);
