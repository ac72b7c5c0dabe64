namespace Capvec.Server.Chat;

/// <summary>Numbers of tokens of a request.</summary>
/// <param name="PromptTokens">Tokens of the prompt, counted once whatever the number of replies.</param>
/// <param name="CompletionTokens">Tokens the model chose over all replies, those that end a reply included.</param>
/// <param name="TotalTokens">Their sum.</param>
/// <param name="PromptTokensDetails">How many prompt tokens were not computed anew.</param>
public sealed record ChatUsage(int PromptTokens, int CompletionTokens, int TotalTokens, PromptTokensDetails PromptTokensDetails);
