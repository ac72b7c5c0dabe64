namespace Capvec.Server.Errors;

/// <summary>An error as OpenAI's API words it.</summary>
/// <param name="Message">One line for the reader.</param>
/// <param name="Type">Kind of error, for example invalid_request_error.</param>
/// <param name="Param">The field of the request that is at fault, or null.</param>
/// <param name="Code">A name for programs, or null.</param>
public sealed record ApiError(string Message, string Type, string? Param, string? Code);
