namespace Capvec.Server.Chat;

/// <summary>Log-probabilities of a reply's tokens.</summary>
/// <param name="Content">One entry a token.</param>
public sealed record ChatLogprobs(IReadOnlyList<ChatTokenLogprob> Content);
