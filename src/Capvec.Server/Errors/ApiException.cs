namespace Capvec.Server.Errors;

/// <summary>Ends a request with an error answer.</summary>
public sealed class ApiException : Exception
{
    private ApiException(int status, ApiError error, int? retryAfterSeconds = null)
        : base(error.Message) => (Status, Error, RetryAfterSeconds) = (status, error, retryAfterSeconds);

    /// <summary>HTTP status.</summary>
    public int Status { get; }

    /// <summary>The body.</summary>
    public ApiError Error { get; }

    /// <summary>Value of the Retry-After header, or null.</summary>
    public int? RetryAfterSeconds { get; }

    /// <summary>400: the request asks for something that does not make sense or is not offered.</summary>
    public static ApiException Invalid(string message, string? param, string? code = null) => new(400, new(message, "invalid_request_error", param, code));

    /// <summary>401: no key, or a wrong one.</summary>
    public static ApiException Unauthorized() => new(401, new("This server wants a key: send the header Authorization: Bearer KEY with the key it was started with.", "authentication_error", null, "invalid_api_key"));

    /// <summary>404: no such thing.</summary>
    public static ApiException NotFound(string message, string? param = null, string? code = null) => new(404, new(message, "not_found_error", param, code));

    /// <summary>503: too much to do at the moment.</summary>
    public static ApiException Busy(int running, int retryAfterSeconds) =>
        new(503, new($"The server is busy: {running} replies run or wait already. Try again in {retryAfterSeconds} s.", "unavailable_error", null, "queue_full"), retryAfterSeconds);

    /// <summary>Any other status, in OpenAI's shape.</summary>
    public static ApiException Of(int status, string message) => new(status, new(message, status >= 500 ? "server_error" : "invalid_request_error", null, null));
}
