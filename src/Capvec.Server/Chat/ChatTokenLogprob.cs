namespace Capvec.Server.Chat;

/// <summary>One token of a reply.</summary>
/// <param name="Token">Its text; U+FFFD where it holds a part of a character.</param>
/// <param name="Logprob">ln p under the unmodified logits: after steering, before temperature and filters.</param>
/// <param name="Bytes">Its bytes; those of several tokens make the text, where one holds a part of a character.</param>
/// <param name="TopLogprobs">Always empty.</param>
public sealed record ChatTokenLogprob(string Token, float Logprob, IReadOnlyList<int> Bytes, IReadOnlyList<ChatTokenLogprob> TopLogprobs);
