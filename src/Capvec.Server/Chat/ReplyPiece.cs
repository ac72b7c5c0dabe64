namespace Capvec.Server.Chat;

/// <summary>What one step added to a reply.</summary>
/// <param name="Index">0-based number of the reply.</param>
/// <param name="Text">Text that is certain now; may be empty.</param>
/// <param name="Logprobs">Its tokens, where asked for.</param>
/// <param name="End">What is known at the end of the reply; null before.</param>
internal sealed record ReplyPiece(int Index, string Text, IReadOnlyList<ChatTokenLogprob>? Logprobs, ReplyEnd? End = null);
