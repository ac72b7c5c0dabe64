namespace Capvec.Server.Chat;

/// <summary>A reply's text.</summary>
/// <param name="Role">assistant, or null in later pieces of a stream.</param>
/// <param name="Content">The text, or null in the last piece of a stream.</param>
public sealed record ChatReplyMessage(string? Role, string? Content);
