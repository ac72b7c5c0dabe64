using System.Net;
using System.Text;
using System.Text.Json;
using Capvec.Engine.Interventions;
using Capvec.Engine.Requests;
using Capvec.Text.Templates;

namespace Capvec.Server.Tests;

[Collection<PhantomCollection>]
public sealed class ChatTests(PhantomServer server)
{
    private const string Question = """ "messages":[{"role":"user","content":"Count the lines of a.txt."}] """;
    private static readonly ChatMessage[] Conversation = [new("user", "Count the lines of a.txt.")];

    [Fact]
    public async Task A_greedy_reply_is_what_the_engine_gives()
    {
        var expected = await EngineAsync(SteeringPlan.None, 60);
        var (status, body, _) = await server.ChatAsync($$"""{ {{Question}}, "temperature":0, "max_tokens":60 }""");
        status.ShouldBe(HttpStatusCode.OK);
        body.GetProperty("object").GetString().ShouldBe("chat.completion");
        body.GetProperty("model").GetString().ShouldBe("phantom");
        var choice = body.GetProperty("choices").EnumerateArray().ShouldHaveSingleItem();
        choice.GetProperty("index").GetInt32().ShouldBe(0);
        choice.GetProperty("message").GetProperty("role").GetString().ShouldBe("assistant");
        choice.GetProperty("message").GetProperty("content").GetString().ShouldBe(server.Text.Tokenizer.Decode(expected.Tokens, skipSpecial: true));
        choice.GetProperty("finish_reason").GetString().ShouldBe(expected.Finish == FinishReason.Length ? "length" : "stop");
        var usage = body.GetProperty("usage");
        usage.GetProperty("prompt_tokens").GetInt32().ShouldBe(expected.PromptTokens);
        usage.GetProperty("completion_tokens").GetInt32().ShouldBe(expected.Tokens.Length + (expected.StopToken >= 0 ? 1 : 0));
        usage.GetProperty("total_tokens").GetInt32().ShouldBe(usage.GetProperty("prompt_tokens").GetInt32() + usage.GetProperty("completion_tokens").GetInt32());
        usage.GetProperty("prompt_tokens_details").GetProperty("cached_tokens").GetInt32().ShouldBe(0);
        body.GetProperty("capvec").GetProperty("steering_fingerprint").GetString().ShouldBe("none");
    }

    [Fact]
    public async Task A_reply_cut_by_max_tokens_says_so()
    {
        var (_, body, _) = await server.ChatAsync($$"""{ {{Question}}, "temperature":0, "max_completion_tokens":3 }""");
        body.GetProperty("choices")[0].GetProperty("finish_reason").GetString().ShouldBe("length");
        body.GetProperty("usage").GetProperty("completion_tokens").GetInt32().ShouldBe(3);
    }

    [Fact]
    public async Task Steering_changes_the_reply_as_the_engine_does_and_is_told_back_with_its_fingerprint()
    {
        var axis = new float[256];
        axis[3] = 1;
        var plan = SteeringPlan.Add(3, axis, 40, SteeringMask.GeneratedOnly);
        var expected = await EngineAsync(plan, 40);
        const string steering = """ {"vectors":[{"source":"axes","scale":40,"layers":[3],"apply":{"generation":"all"}}]} """;
        var (status, body, _) = await server.ChatAsync($$"""{ {{Question}}, "temperature":0, "max_tokens":40, "steering":{{steering}} }""");
        status.ShouldBe(HttpStatusCode.OK);
        Content(body).ShouldBe(server.Text.Tokenizer.Decode(expected.Tokens, skipSpecial: true));
        var capvec = body.GetProperty("capvec");
        capvec.GetProperty("steering_fingerprint").GetString().ShouldBe(plan.Fingerprint);
        var echo = capvec.GetProperty("steering").GetProperty("vectors")[0];
        echo.GetProperty("source").GetString().ShouldBe("axes");
        echo.GetProperty("operation").GetString().ShouldBe("add");
        echo.GetProperty("apply").GetProperty("prompt").GetBoolean().ShouldBeFalse();
    }

    [Theory]
    [InlineData("above", false)]
    [InlineData("below", true)]
    public async Task A_gate_decides_for_the_request_and_the_answer_says_what_it_found(string side, bool open)
    {
        var axis = new float[256];
        axis[3] = 1;
        var expected = await EngineAsync(open ? SteeringPlan.Add(3, axis, 40) : SteeringPlan.None, 40);
        var json = $$"""{ {{Question}}, "temperature":0, "max_tokens":40, "n":2, "steering":{"vectors":[{"source":"axes","scale":40,"layers":[3],"gate":{"layer":3,"{{side}}":1000} }]}""";
        var (status, body, _) = await server.ChatAsync(json + "}");
        status.ShouldBe(HttpStatusCode.OK);
        Content(body, 1).ShouldBe(server.Text.Tokenizer.Decode(expected.Tokens, skipSpecial: true));
        var told = body.GetProperty("capvec").GetProperty("gates").EnumerateArray().ShouldHaveSingleItem();
        (told.GetProperty("open").GetBoolean(), told.GetProperty("comparison").GetString(), told.GetProperty("layer").GetInt32()).ShouldBe((open, side, 3));

        // A stream begins before the prompt is read, and says it at the end.
        using var content = new StringContent(json + ", \"stream\":true }", Encoding.UTF8, "application/json");
        using var response = await server.Http.PostAsync("/v1/chat/completions", content, TestContext.Current.CancellationToken);
        var chunks = (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Split("\n\n", StringSplitOptions.RemoveEmptyEntries)[..^1].Select(one => JsonDocument.Parse(one["data: ".Length..]).RootElement).ToList();
        chunks[0].GetProperty("capvec").TryGetProperty("gates", out _).ShouldBeFalse();
        var ends = chunks.Where(chunk => chunk.GetProperty("choices")[0].GetProperty("finish_reason").ValueKind == JsonValueKind.String).ToList();
        ends.Count.ShouldBe(2);
        ends.ShouldAllBe(chunk => chunk.GetProperty("capvec").GetProperty("gates")[0].GetProperty("value").GetDouble() == told.GetProperty("value").GetDouble());
    }

    [Fact]
    public async Task Strength_0_gives_the_plain_reply()
    {
        const string steering = """ {"vectors":[{"source":"axes","scale":0,"layers":"all"}]} """;
        var (_, plain, _) = await server.ChatAsync($$"""{ {{Question}}, "seed":7, "max_tokens":40 }""");
        var (_, zero, _) = await server.ChatAsync($$"""{ {{Question}}, "seed":7, "max_tokens":40, "steering":{{steering}} }""");
        Content(zero).ShouldBe(Content(plain));
    }

    [Fact]
    public async Task The_seed_that_an_answer_names_gives_the_same_reply_again_and_reply_i_is_that_of_seed_plus_i()
    {
        var (_, first, _) = await server.ChatAsync($$"""{ {{Question}}, "temperature":1, "max_tokens":30, "n":3 }""");
        var seed = first.GetProperty("capvec").GetProperty("seed").GetInt64();
        for (var i = 0; i < 3; i++)
        {
            var (_, again, _) = await server.ChatAsync($$"""{ {{Question}}, "temperature":1, "max_tokens":30, "seed":{{seed + i}} }""");
            Content(again).ShouldBe(Content(first, i));
        }
    }

    [Fact]
    public async Task A_stop_text_ends_the_reply_before_it()
    {
        var (_, whole, _) = await server.ChatAsync($$"""{ {{Question}}, "temperature":0, "max_tokens":60 }""");
        var text = Content(whole);
        var stop = text.Substring(10, 4);
        var (_, cut, _) = await server.ChatAsync($$"""{ {{Question}}, "temperature":0, "max_tokens":60, "logprobs":true, "stop":[{{JsonSerializer.Serialize(stop)}}] }""");
        Content(cut).ShouldBe(text[..text.IndexOf(stop, StringComparison.Ordinal)]);
        cut.GetProperty("choices")[0].GetProperty("finish_reason").GetString().ShouldBe("stop");

        // No token is told whose text the stop took away whole.
        var told = string.Concat(cut.GetProperty("choices")[0].GetProperty("logprobs").GetProperty("content").EnumerateArray().SkipLast(1).Select(token => token.GetProperty("token").GetString()));
        Content(cut).ShouldStartWith(told);
    }

    [Fact]
    public async Task Log_probabilities_are_those_before_temperature_and_their_bytes_make_the_text()
    {
        var expected = await EngineAsync(SteeringPlan.None, 20);
        var (_, body, _) = await server.ChatAsync($$"""{ {{Question}}, "temperature":0, "max_tokens":20, "logprobs":true, "top_logprobs":0 }""");
        var tokens = body.GetProperty("choices")[0].GetProperty("logprobs").GetProperty("content").EnumerateArray().ToList();
        tokens.Select(token => token.GetProperty("logprob").GetSingle()).ShouldBe(expected.LogProbs.Take(expected.Tokens.Length));
        var bytes = tokens.SelectMany(token => token.GetProperty("bytes").EnumerateArray().Select(x => x.GetByte())).ToArray();
        Encoding.UTF8.GetString(bytes).ShouldBe(Content(body));
        tokens.ShouldAllBe(token => token.GetProperty("top_logprobs").GetArrayLength() == 0);
    }

    [Fact]
    public async Task An_adapter_answers_under_its_own_name()
    {
        var (_, plain, _) = await server.ChatAsync($$"""{ "model":"phantom", {{Question}}, "temperature":0, "max_tokens":60 }""");
        var (_, adapted, _) = await server.ChatAsync($$"""{ "model":"sft", {{Question}}, "temperature":0, "max_tokens":60 }""");
        adapted.GetProperty("model").GetString().ShouldBe("sft");
        Content(adapted).ShouldNotBe(Content(plain));
        adapted.GetProperty("system_fingerprint").GetString().ShouldNotBe(plain.GetProperty("system_fingerprint").GetString());
    }

    [Fact]
    public async Task A_stream_gives_the_same_text_in_chunks_of_one_id_then_usage_then_done()
    {
        var (_, whole, _) = await server.ChatAsync($$"""{ {{Question}}, "seed":3, "max_tokens":50, "n":2 }""");
        using var content = new StringContent($$"""{ {{Question}}, "seed":3, "max_tokens":50, "n":2, "stream":true, "stream_options":{"include_usage":true} }""", Encoding.UTF8, "application/json");
        using var response = await server.Http.PostAsync("/v1/chat/completions", content, TestContext.Current.CancellationToken);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("text/event-stream");
        var events = (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        events.ShouldAllBe(one => one.StartsWith("data: ", StringComparison.Ordinal));
        events[^1].ShouldBe("data: [DONE]");
        var chunks = events[..^1].Select(one => JsonDocument.Parse(one["data: ".Length..]).RootElement).ToList();
        chunks.ShouldAllBe(chunk => chunk.GetProperty("object").GetString() == "chat.completion.chunk");
        chunks.Select(chunk => chunk.GetProperty("id").GetString()).Distinct().Count().ShouldBe(1);
        chunks[^1].GetProperty("choices").GetArrayLength().ShouldBe(0);
        chunks[^1].GetProperty("usage").GetProperty("total_tokens").GetInt32().ShouldBe(whole.GetProperty("usage").GetProperty("total_tokens").GetInt32());
        for (var i = 0; i < 2; i++)
        {
            var mine = chunks[..^1].Select(chunk => chunk.GetProperty("choices")[0]).Where(choice => choice.GetProperty("index").GetInt32() == i).ToList();
            mine[0].GetProperty("delta").GetProperty("role").GetString().ShouldBe("assistant");
            string.Concat(mine.Select(choice => choice.GetProperty("delta").TryGetProperty("content", out var text) ? text.GetString() : "")).ShouldBe(Content(whole, i));
            mine[^1].GetProperty("finish_reason").GetString().ShouldBe(whole.GetProperty("choices")[i].GetProperty("finish_reason").GetString());
            mine[..^1].ShouldAllBe(choice => choice.GetProperty("finish_reason").ValueKind == JsonValueKind.Null);
        }
    }

    [Fact(Timeout = 60_000)]
    public async Task A_client_that_leaves_frees_the_queue()
    {
        await using var narrow = await server.StartAsync(new() { MaxQueue = 1 });
        using var http = new HttpClient { BaseAddress = new Uri(narrow.Address) };
        using (var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = new StringContent($$"""{ {{Question}}, "stream":true, "temperature":8 }""", Encoding.UTF8, "application/json") })
        {
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
            response.StatusCode.ShouldBe(HttpStatusCode.OK);
            var (busy, body, headers) = await server.ChatAsync($$"""{ {{Question}} }""", http);
            busy.ShouldBe(HttpStatusCode.ServiceUnavailable);
            headers.RetryAfter!.Delta!.Value.TotalSeconds.ShouldBe(5);
            body.GetProperty("error").GetProperty("code").GetString().ShouldBe("queue_full");
        }

        // The connection is closed; the engine notices at its next step.
        HttpStatusCode status;
        do
            (status, _, _) = await server.ChatAsync($$"""{ {{Question}}, "max_tokens":1 }""", http);
        while (status == HttpStatusCode.ServiceUnavailable);
        status.ShouldBe(HttpStatusCode.OK);
    }

    private static string Content(JsonElement body, int choice = 0) => body.GetProperty("choices")[choice].GetProperty("message").GetProperty("content").GetString()!;

    private Task<GenerationResult> EngineAsync(SteeringPlan plan, int maxTokens) => server.Engine.GenerateAsync(
        new GenerationRequest
        {
            Prompt = server.Text.Tokenizer.Encode(server.Text.Template.Render(Conversation, addGenerationPrompt: true)),
            Steering = plan,
            MaxTokens = maxTokens,
            StopTokens = [.. server.Text.Model.StopTokens],
        },
        TestContext.Current.CancellationToken);
}
