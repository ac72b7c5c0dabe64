namespace Capvec.Server.Chat;

/// <summary>More about the prompt's tokens.</summary>
/// <param name="CachedTokens">Prompt tokens whose state was kept from an earlier request.</param>
public sealed record PromptTokensDetails(int CachedTokens);
