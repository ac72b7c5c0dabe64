namespace Capvec.Engine.Interventions;

/// <summary>What decides a position's state, given the positions before it: two sequences whose steps are equal compute the same bits.</summary>
/// <param name="Token">Token id.</param>
/// <param name="Action">Identity of the steering that acts here, 0 for none (<see cref="CompiledSteering.Action"/>). Roles count only through it.</param>
internal readonly record struct PrefixStep(int Token, ulong Action);
