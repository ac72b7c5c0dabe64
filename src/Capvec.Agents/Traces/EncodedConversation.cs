using System.Collections.Immutable;

namespace Capvec.Agents.Traces;

/// <summary>A conversation as the model reads it.</summary>
/// <param name="Ids">[tokens] ids.</param>
/// <param name="Own">[tokens] true for the agent's own tokens: what its replies say, and the stop token that closes each.</param>
public sealed record EncodedConversation(ImmutableArray<int> Ids, ImmutableArray<bool> Own);
