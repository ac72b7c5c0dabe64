using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Capvec.Server.Errors;
using Capvec.Server.Hosting;
using Microsoft.AspNetCore.Http;

namespace Capvec.Server.Chat;

/// <summary>Server-sent events as OpenAI's clients read them: <c>data: JSON</c> lines, and <c>data: [DONE]</c> at the end.</summary>
internal sealed class EventStream(HttpResponse response, TimeProvider time, TimeSpan pingInterval)
{
    /// <summary>Sends the headers.</summary>
    public async Task BeginAsync(CancellationToken cancellation)
    {
        response.ContentType = "text/event-stream; charset=utf-8";
        response.Headers.CacheControl = "no-cache";
        response.Headers["X-Accel-Buffering"] = "no"; // proxies must not collect the pieces
        await response.Body.FlushAsync(cancellation);
    }

    /// <summary>Sends one piece.</summary>
    public Task SendAsync(ChatCompletion chunk, CancellationToken cancellation) =>
        WriteAsync($"data: {JsonSerializer.Serialize(chunk, ApiJson.Default.ChatCompletion)}\n\n", cancellation);

    /// <summary>Sends the end.</summary>
    public Task EndAsync(CancellationToken cancellation) => WriteAsync("data: [DONE]\n\n", cancellation);

    /// <summary>Sends an error in place of the rest.</summary>
    public Task FailAsync(ApiError error, CancellationToken cancellation) =>
        WriteAsync($"data: {JsonSerializer.Serialize(new ApiErrorBody(error), ApiJson.Default.ApiErrorBody)}\n\n", cancellation);

    /// <summary>Waits for something to send and keeps the connection alive meanwhile: a long prompt on a CPU takes minutes.</summary>
    /// <returns>Whether there is something; false at the end.</returns>
    public async Task<bool> WaitAsync<T>(ChannelReader<T> pieces, CancellationToken cancellation)
    {
        var ready = pieces.WaitToReadAsync(cancellation).AsTask();
        while (true)
        {
            try
            {
                return await ready.WaitAsync(pingInterval, time, cancellation);
            }
            catch (TimeoutException) when (!ready.IsCompleted)
            {
                await WriteAsync(": still working\n\n", cancellation);
            }
        }
    }

    private async Task WriteAsync(string text, CancellationToken cancellation)
    {
        await response.Body.WriteAsync(Encoding.UTF8.GetBytes(text), cancellation);
        await response.Body.FlushAsync(cancellation);
    }
}
