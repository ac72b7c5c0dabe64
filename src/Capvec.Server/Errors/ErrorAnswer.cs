using System.Text.Json;
using Capvec.Formats.Errors;
using Capvec.Server.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Capvec.Server.Errors;

/// <summary>Turns failures into answers in OpenAI's shape. What nobody foresaw is logged whole and told the client in one neutral line.</summary>
internal static class ErrorAnswer
{
    /// <summary>The error a client is told; sets status and headers while they can be set.</summary>
    public static ApiError Of(Exception e, HttpContext http)
    {
        var (status, error) = e switch
        {
            ApiException known => (known.Status, known.Error),
            BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } => (413, new ApiError("The body is larger than this server takes.", "invalid_request_error", null, "request_too_large")),
            BadHttpRequestException bad => (bad.StatusCode, new ApiError(bad.Message, "invalid_request_error", null, null)),
            CapvecException known => (StatusCodes.Status500InternalServerError, new ApiError(known.Message, "server_error", null, null)),
            _ => (StatusCodes.Status500InternalServerError, new ApiError("The server failed; its log says how.", "server_error", null, null)),
        };
        if (status >= 500 && status != StatusCodes.Status503ServiceUnavailable)
            Log(http, e);
        if (!http.Response.HasStarted)
        {
            http.Response.StatusCode = status;
            if (e is ApiException { RetryAfterSeconds: { } seconds })
                http.Response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
            if (status == StatusCodes.Status401Unauthorized)
                http.Response.Headers.WWWAuthenticate = "Bearer";
        }

        return error;
    }

    /// <summary>Answers every failure of the rest of the pipeline.</summary>
    public static async Task HandleAsync(HttpContext http, RequestDelegate next)
    {
        try
        {
            await next(http);
            if (!http.Response.HasStarted && http.Response.StatusCode is StatusCodes.Status404NotFound or StatusCodes.Status405MethodNotAllowed && http.Response.ContentLength is null)
            {
                throw http.Response.StatusCode == StatusCodes.Status404NotFound
                    ? ApiException.NotFound($"There is nothing at {http.Request.Path}; POST /v1/chat/completions, GET /v1/models and GET /health are.")
                    : ApiException.Of(StatusCodes.Status405MethodNotAllowed, $"{http.Request.Path} does not take {http.Request.Method}.");
            }
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // The client has left; nobody reads an answer.
        }
        catch (Exception e) when (!http.Response.HasStarted)
        {
            await WriteAsync(http, Of(e, http));
        }
    }

    private static async Task WriteAsync(HttpContext http, ApiError error)
    {
        http.Response.ContentType = "application/json; charset=utf-8";
        await JsonSerializer.SerializeAsync(http.Response.Body, new ApiErrorBody(error), ApiJson.Default.ApiErrorBody, CancellationToken.None);
    }

    private static void Log(HttpContext http, Exception e)
    {
        var log = (ILogger?)http.RequestServices.GetService(typeof(ILogger<CapvecServer>));
        if (log is not null)
            LogFailure(log, http.Request.Method, http.Request.Path, e);
    }

    private static readonly Action<ILogger, string, PathString, Exception?> LogFailure =
        LoggerMessage.Define<string, PathString>(LogLevel.Error, new EventId(1, "RequestFailed"), "{Method} {Path} failed");
}
