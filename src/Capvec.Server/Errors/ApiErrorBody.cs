namespace Capvec.Server.Errors;

/// <summary>The body of every answer that is not a success.</summary>
/// <param name="Error">What went wrong.</param>
public sealed record ApiErrorBody(ApiError Error);
