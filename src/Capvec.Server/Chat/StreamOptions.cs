namespace Capvec.Server.Chat;

/// <summary>What a stream holds besides the reply.</summary>
/// <param name="IncludeUsage">Whether a last chunk without choices tells the numbers of tokens.</param>
public sealed record StreamOptions(bool? IncludeUsage);
