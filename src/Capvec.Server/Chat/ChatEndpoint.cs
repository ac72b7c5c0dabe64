using System.Text.Json;
using System.Threading.Channels;
using Capvec.Engine.Scheduling;
using Capvec.Server.Errors;
using Capvec.Server.Hosting;
using Capvec.Server.Models;
using Capvec.Steering.Specification;
using Microsoft.AspNetCore.Http;

namespace Capvec.Server.Chat;

/// <summary>POST /v1/chat/completions: all replies at once, or piece by piece as server-sent events.</summary>
internal sealed class ChatEndpoint(InferenceEngine engine, ModelCatalog models, ChatRequestReader reader, ServerOptions options, TimeProvider time)
{
    private readonly Admission _admission = new(options.MaxQueue);

    /// <summary>Answers one request.</summary>
    public async Task HandleAsync(HttpContext http)
    {
        // A web page of another origin can send plain text to a local server unasked, but not JSON.
        if (!http.Request.HasJsonContentType())
            throw ApiException.Of(StatusCodes.Status415UnsupportedMediaType, "The body must be JSON, with the header Content-Type: application/json.");
        var job = reader.Read(await BodyAsync(http));
        using var admitted = _admission.Enter(job.Choices);
        var pieces = Channel.CreateUnbounded<ReplyPiece>(new UnboundedChannelOptions { SingleReader = true });

        // Whoever leaves, the client or this method by an error, ends the replies of this request.
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
        var runs = RunAllAsync(job, pieces.Writer, stop.Token);
        try
        {
            var head = new ChatCompletion
            {
                Id = $"chatcmpl-{Guid.NewGuid():N}",
                Object = job.Stream ? "chat.completion.chunk" : "chat.completion",
                Created = time.GetUtcNow().ToUnixTimeSeconds(),
                Model = job.Model.Id,
                SystemFingerprint = job.Model.Fingerprint,
                Choices = [],
            };
            await (job.Stream ? StreamAsync(http, job, head, pieces.Reader) : WholeAsync(http, job, head, pieces.Reader));
        }
        finally
        {
            await stop.CancelAsync();
            await runs.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // its error went through the channel
        }
    }

    private static async Task<ChatRequest> BodyAsync(HttpContext http)
    {
        try
        {
            return await JsonSerializer.DeserializeAsync(http.Request.Body, ApiJson.Default.ChatRequest, http.RequestAborted)
                ?? throw ApiException.Invalid("The body is null; a JSON object with messages was expected.", null);
        }
        catch (JsonException e)
        {
            var where = e.Path is null or "$" ? null : e.Path.TrimStart('$', '.');
            throw ApiException.Invalid($"The body is not a chat request as JSON{(where is null ? "" : $" (at {where})")}: {e.Message.ReplaceLineEndings(" ")}", where);
        }
    }

    private async Task RunAllAsync(ChatJob job, ChannelWriter<ReplyPiece> writer, CancellationToken cancellation)
    {
        try
        {
            await Task.WhenAll(Enumerable.Range(0, job.Choices).Select(index =>
                new ReplyRun(job, index, models.Text.Tokenizer, piece => writer.TryWrite(piece)).RunAsync(engine, cancellation)));
            writer.Complete();
        }
        catch (Exception e)
        {
            writer.Complete(e);
            throw;
        }
    }

    private static async Task WholeAsync(HttpContext http, ChatJob job, ChatCompletion head, ChannelReader<ReplyPiece> pieces)
    {
        var texts = new string[job.Choices];
        var logprobs = new List<ChatTokenLogprob>[job.Choices];
        var ends = new ReplyEnd[job.Choices];
        for (var i = 0; i < job.Choices; i++)
            (texts[i], logprobs[i]) = ("", []);
        var parts = texts.Select(_ => new System.Text.StringBuilder()).ToArray();
        await foreach (var piece in pieces.ReadAllAsync(http.RequestAborted))
        {
            parts[piece.Index].Append(piece.Text);
            logprobs[piece.Index].AddRange(piece.Logprobs ?? []);
            ends[piece.Index] = piece.End ?? ends[piece.Index];
        }

        var answer = head with
        {
            Choices = [.. parts.Select((text, i) => new ChatChoice
            {
                Index = i,
                Message = new ChatReplyMessage("assistant", text.ToString()),
                Logprobs = job.Logprobs ? new ChatLogprobs(logprobs[i]) : null,
                FinishReason = ends[i].FinishReason,
            })],
            Usage = Usage(job, ends),
            Capvec = Provenance(job, ends[0]),
        };
        http.Response.ContentType = "application/json; charset=utf-8";
        await JsonSerializer.SerializeAsync(http.Response.Body, answer, ApiJson.Default.ChatCompletion, http.RequestAborted);
    }

    private async Task StreamAsync(HttpContext http, ChatJob job, ChatCompletion head, ChannelReader<ReplyPiece> pieces)
    {
        var events = new EventStream(http.Response, time, options.PingInterval);
        var ends = new List<ReplyEnd>();
        try
        {
            // The first piece of a reply names the role; the steering is told before the first token, with the prompt still being read.
            await events.BeginAsync(http.RequestAborted);
            for (var i = 0; i < job.Choices; i++)
            {
                var opening = new ChatChoice { Index = i, Delta = new ChatReplyMessage("assistant", "") };
                await events.SendAsync(head with { Choices = [opening], Capvec = i == 0 ? Provenance(job) : null }, http.RequestAborted);
            }

            while (await events.WaitAsync(pieces, http.RequestAborted))
            {
                while (pieces.TryRead(out var piece))
                {
                    if (piece.Text.Length > 0 || piece.Logprobs is not null)
                    {
                        var logprobs = piece.Logprobs is null ? null : new ChatLogprobs(piece.Logprobs);
                        await events.SendAsync(
                            head with { Choices = [new ChatChoice { Index = piece.Index, Delta = new ChatReplyMessage(null, piece.Text), Logprobs = logprobs }] }, http.RequestAborted);
                    }

                    if (piece.End is { } end)
                    {
                        ends.Add(end);
                        await events.SendAsync(
                            head with
                            {
                                Choices = [new ChatChoice { Index = piece.Index, Delta = new ChatReplyMessage(null, null), FinishReason = end.FinishReason }],
                                Capvec = end.Gates.IsEmpty ? null : Provenance(job, end),
                            },
                            http.RequestAborted);
                    }
                }
            }

            if (job.StreamUsage)
                await events.SendAsync(head with { Usage = Usage(job, ends) }, http.RequestAborted);
            await events.EndAsync(http.RequestAborted);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // The status line is gone; the stream itself tells the error and ends without [DONE].
            await events.FailAsync(ErrorAnswer.Of(e, http), http.RequestAborted);
        }
    }

    private static ChatUsage Usage(ChatJob job, IReadOnlyList<ReplyEnd> ends)
    {
        var chosen = ends.Sum(end => end.Tokens);
        return new ChatUsage(job.Prompt.Count, chosen, job.Prompt.Count + chosen, new PromptTokensDetails(ends.Min(end => end.CachedTokens)));
    }

    private static ChatProvenance Provenance(ChatJob job, ReplyEnd? end = null) =>
        new(unchecked((long)job.Sampling.Seed), job.Steering.Fingerprint, job.SteeringEcho) { Gates = end is null ? null : GateReport.ToJson(end.Gates) };
}
