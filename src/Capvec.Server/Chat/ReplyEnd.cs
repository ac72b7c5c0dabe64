using System.Collections.Immutable;
using Capvec.Engine.Interventions;

namespace Capvec.Server.Chat;

/// <summary>The end of a reply.</summary>
/// <param name="FinishReason">stop or length.</param>
/// <param name="Tokens">Tokens the model chose, the one that ended the reply included.</param>
/// <param name="CachedTokens">Prompt tokens that were not computed anew.</param>
/// <param name="Gates">What the gates of the steering decided; empty where it has none.</param>
internal sealed record ReplyEnd(string FinishReason, int Tokens, int CachedTokens, ImmutableArray<GateDecision> Gates);
