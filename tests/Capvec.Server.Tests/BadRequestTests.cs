using System.Net;
using System.Text;
using System.Text.Json;
using Capvec.Formats.Errors;
using Capvec.Server.Hosting;

namespace Capvec.Server.Tests;

[Collection<PhantomCollection>]
public sealed class BadRequestTests(PhantomServer server)
{
    private const string Hello = """ "messages":[{"role":"user","content":"Hello"}] """;

    public static TheoryData<string, string?, string> Wrong { get; } = new()
    {
        { "", null, "JSON" },
        { "[]", null, "JSON" },
        { "null", null, "messages" },
        { "{}", "messages", "missing" },
        { """{"messages":[]}""", "messages", "empty" },
        { """{"messages":"hi"}""", "messages", "JSON" },
        { """{"messages":[null]}""", "messages[0]", "null" },
        { """{"messages":[{"content":"x"}]}""", "messages[0].role", "missing" },
        { """{"messages":[{"role":"wizard","content":"x"}]}""", "messages[0].role", "wizard" },
        { """{"messages":[{"role":"user"}]}""", "messages[0].content", "missing" },
        { """{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"x"}}]}]}""", "messages[0].content", "text" },
        { """{"messages":[{"role":"assistant","content":"x","tool_calls":[{"id":"1"}]}]}""", "messages[0].tool_calls", "not offered" },
        { $$"""{ {{Hello}}, "temperature":-1 }""", "temperature", "0 to 10" },
        { $$"""{ {{Hello}}, "temperature":"hot" }""", "temperature", "JSON" },
        { $$"""{ {{Hello}}, "top_p":0 }""", "top_p", "0" },
        { $$"""{ {{Hello}}, "max_tokens":0 }""", "max_tokens", "1 to" },
        { $$"""{ {{Hello}}, "max_tokens":1000000 }""", "max_tokens", "1000000" },
        { $$"""{ {{Hello}}, "max_tokens":3, "max_completion_tokens":4 }""", "max_tokens", "different" },
        { $$"""{ {{Hello}}, "n":0 }""", "n", "1 to 16" },
        { $$"""{ {{Hello}}, "n":17 }""", "n", "1 to 16" },
        { $$"""{ {{Hello}}, "stop":[""] }""", "stop", "1 to 256" },
        { $$"""{ {{Hello}}, "stop":5 }""", "stop", "text" },
        { $$"""{ {{Hello}}, "top_logprobs":3, "logprobs":true }""", "top_logprobs", "not offered" },
        { $$"""{ {{Hello}}, "frequency_penalty":0.5 }""", "frequency_penalty", "not offered" },
        { $$"""{ {{Hello}}, "tools":[{"type":"function"}] }""", "tools", "not offered" },
        { $$"""{ {{Hello}}, "response_format":{"type":"json_object"} }""", "response_format", "not offered" },
        { $$"""{ {{Hello}}, "stream_options":{"include_usage":true} }""", "stream_options", "stream" },
        { $$"""{ {{Hello}}, "temprature":1 }""", "temprature", "spelling" },
        { $$"""{ {{Hello}}, "seed":1, "seed":2 }""", "seed", "JSON" },
        { $$"""{ {{Hello}}, "steering":5 }""", "steering", "object" },
        { $$"""{ {{Hello}}, "steering":{"vectors":[{"source":"nope","scale":1,"layers":[1]}]} }""", "steering.vectors[0].source", "nope" },
        { $$"""{ {{Hello}}, "steering":{"vectors":[{"source":"../axes","scale":1,"layers":[1]}]} }""", "steering.vectors[0].source", "../axes" },
        { $$"""{ {{Hello}}, "steering":{"vectors":[{"source":"wide","scale":1,"layers":[1]}]} }""", "steering.vectors[0].source", "another model" },
        { $$"""{ {{Hello}}, "steering":{"vectors":[{"source":"axes","scale":1,"layers":[12]}]} }""", "steering.vectors[0].layers", "0 to 11" },
        { $$"""{ {{Hello}}, "steering":{"vectors":[{"source":"axes","scale":"much","layers":[1]}]} }""", "steering.vectors[0].scale", "number" },
        { $$"""{ {{Hello}}, "steering":{"vectors":[{"source":"axes","layers":[1]}]} }""", "steering.vectors[0].scale", "missing" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public async Task A_wrong_request_gets_400_and_the_field_at_fault(string json, string? param, string says)
    {
        var (status, body, _) = await server.ChatAsync(json);
        status.ShouldBe(HttpStatusCode.BadRequest, body.ToString());
        var error = body.GetProperty("error");
        error.GetProperty("type").GetString().ShouldBe("invalid_request_error");
        error.GetProperty("message").GetString()!.ShouldContain(says);
        (error.TryGetProperty("param", out var at) ? at.GetString() : null).ShouldBe(param);
    }

    [Fact]
    public async Task Too_many_vectors_are_refused()
    {
        var vectors = string.Join(',', Enumerable.Repeat("""{"source":"axes","scale":1,"layers":"all"}""", 22));
        var (status, body, _) = await server.ChatAsync($$"""{ {{Hello}}, "steering":{"vectors":[{{vectors}}]} }""");
        status.ShouldBe(HttpStatusCode.BadRequest);
        body.GetProperty("error").GetProperty("message").GetString()!.ShouldContain("264");
    }

    [Fact]
    public async Task An_unknown_model_gets_404()
    {
        var (status, body, _) = await server.ChatAsync($$"""{ "model":"gpt", {{Hello}} }""");
        status.ShouldBe(HttpStatusCode.NotFound);
        body.GetProperty("error").GetProperty("code").GetString().ShouldBe("model_not_found");
    }

    [Fact]
    public async Task A_conversation_longer_than_the_context_is_refused_with_both_lengths()
    {
        var (status, body, _) = await server.ChatAsync($$"""{"messages":[{"role":"user","content":"{{new string('x', 30_000)}}"}]}""");
        status.ShouldBe(HttpStatusCode.BadRequest);
        body.GetProperty("error").GetProperty("code").GetString().ShouldBe("context_length_exceeded");
    }

    [Fact]
    public async Task A_body_beyond_the_bound_gets_413()
    {
        var (status, body, _) = await server.ChatAsync($$"""{"messages":[{"role":"user","content":"{{new string('x', 5 << 20)}}"}]}""");
        status.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
        body.GetProperty("error").GetProperty("code").GetString().ShouldBe("request_too_large");
    }

    [Fact]
    public async Task Deep_nesting_is_an_error_and_not_a_crash()
    {
        var (status, _, _) = await server.ChatAsync($$"""{ {{Hello}}, "steering":{{new string('[', 10_000)}} }""");
        status.ShouldBe(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Plain_text_which_any_web_page_could_send_gets_415()
    {
        using var content = new StringContent($$"""{ {{Hello}} }""", Encoding.UTF8, "text/plain");
        using var response = await server.Http.PostAsync("/v1/chat/completions", content, TestContext.Current.CancellationToken);
        response.StatusCode.ShouldBe(HttpStatusCode.UnsupportedMediaType);
    }

    [Fact]
    public async Task A_host_name_that_is_not_ours_is_refused_on_loopback()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/models");
        request.Headers.Host = "evil.example";
        using var response = await server.Http.SendAsync(request, TestContext.Current.CancellationToken);
        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
    }

    [Theory]
    [InlineData("GET", "/nothing", HttpStatusCode.NotFound)]
    [InlineData("GET", "/v1/chat/completions", HttpStatusCode.MethodNotAllowed)]
    [InlineData("GET", "/v1/models/none", HttpStatusCode.NotFound)]
    public async Task Unknown_addresses_and_methods_get_an_error_in_the_same_shape(string method, string path, HttpStatusCode expected)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        using var response = await server.Http.SendAsync(request, TestContext.Current.CancellationToken);
        response.StatusCode.ShouldBe(expected);
        var body = JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement;
        body.GetProperty("error").GetProperty("message").GetString().ShouldNotBeNullOrEmpty();
    }

    [Fact]
    public async Task With_a_key_every_request_but_health_must_carry_it()
    {
        await using var guarded = await server.StartAsync(new ServerOptions { ApiKey = PhantomServer.Key });
        using var http = new HttpClient { BaseAddress = new Uri(guarded.Address) };
        async Task<HttpStatusCode> Get(string path, string? authorization)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            if (authorization is not null)
                request.Headers.TryAddWithoutValidation("Authorization", authorization);
            using var response = await http.SendAsync(request, TestContext.Current.CancellationToken);
            return response.StatusCode;
        }

        (await Get("/health", null)).ShouldBe(HttpStatusCode.OK);
        (await Get("/v1/health", null)).ShouldBe(HttpStatusCode.OK);
        (await Get("/v1/models", null)).ShouldBe(HttpStatusCode.Unauthorized);
        (await Get("/v1/models", "Bearer wrong")).ShouldBe(HttpStatusCode.Unauthorized);
        (await Get("/v1/models", "Basic YTpi")).ShouldBe(HttpStatusCode.Unauthorized);
        (await Get("/V1/models", null)).ShouldBe(HttpStatusCode.Unauthorized);
        (await Get("/v1/models", $"Bearer {PhantomServer.Key}")).ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("0.0.0.0", null, "a key is needed")]
    [InlineData("192.168.1.1", " ", "a key is needed")]
    [InlineData("nowhere", "k", "is not an address")]
    public void An_address_beyond_loopback_needs_a_key(string host, string? key, string says) =>
        Should.Throw<CapvecException>(() => new ServerOptions { Host = host, ApiKey = key }.Check()).Message.ShouldContain(says);

    [Fact]
    public async Task A_port_that_is_taken_is_a_plain_error()
    {
        var taken = server.Address.Port;
        var error = await Should.ThrowAsync<CapvecException>(() => CapvecServer.StartAsync(server.Text, [], server.Engine, new ServerOptions { Port = taken }, cancellation: TestContext.Current.CancellationToken));
        error.Message.ShouldContain($"port {taken}");
    }
}
