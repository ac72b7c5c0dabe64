using System.ClientModel;
using System.ClientModel.Primitives;
using System.Text.Json;
using OpenAI;
using OpenAI.Chat;

namespace Capvec.Server.Tests;

/// <summary>OpenAI's own client package against the server.</summary>
[Collection<PhantomCollection>]
public sealed class ClientTests(PhantomServer server)
{
    private OpenAIClient Client => new(new ApiKeyCredential("unused"), new OpenAIClientOptions { Endpoint = new Uri(server.Address, "/v1") });

    [Fact]
    public async Task The_client_lists_the_models()
    {
        var models = await Client.GetOpenAIModelClient().GetModelsAsync(TestContext.Current.CancellationToken);
        models.Value.Select(model => model.Id).ShouldBe(["phantom", "sft"]);
        (await Client.GetOpenAIModelClient().GetModelAsync("sft", TestContext.Current.CancellationToken)).Value.OwnedBy.ShouldBe("capvec");
    }

    [Fact]
    public async Task The_client_gets_the_same_reply_whole_and_streamed()
    {
        var chat = Client.GetChatClient("phantom");
        ChatMessage[] messages = [new SystemChatMessage("You are a terminal."), new UserChatMessage("Count the lines of a.txt.")];
        var options = new ChatCompletionOptions { MaxOutputTokenCount = 40, Temperature = 0, IncludeLogProbabilities = true };
        var whole = (await chat.CompleteChatAsync(messages, options, TestContext.Current.CancellationToken)).Value;
        var text = "";
        ChatTokenUsage? usage = null;
        ChatFinishReason? finish = null;
        await foreach (var update in chat.CompleteChatStreamingAsync(messages, options, TestContext.Current.CancellationToken))
        {
            text += string.Concat(update.ContentUpdate.Select(part => part.Text));
            usage = update.Usage ?? usage;
            finish = update.FinishReason ?? finish;
        }

        text.ShouldBe(whole.Content[0].Text);
        finish.ShouldBe(whole.FinishReason);
        usage!.TotalTokenCount.ShouldBe(whole.Usage.TotalTokenCount);
        whole.ContentTokenLogProbabilities.Count.ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task Steering_goes_through_the_client_as_an_extra_field()
    {
        const string request = """
            {"model":"phantom","messages":[{"role":"user","content":"Count the lines of a.txt."}],"temperature":0,"max_tokens":30,
             "steering":{"vectors":[{"source":"axes","scale":60,"layers":[3]}]}}
            """;
        using var content = BinaryContent.Create(BinaryData.FromString(request));
        var result = await Client.GetChatClient("phantom").CompleteChatAsync(content, new RequestOptions { CancellationToken = TestContext.Current.CancellationToken });
        var body = JsonDocument.Parse(result.GetRawResponse().Content).RootElement;
        body.GetProperty("capvec").GetProperty("steering_fingerprint").GetString()!.Length.ShouldBe(16);
    }

    [Fact]
    public async Task The_client_understands_our_errors()
    {
        var chat = Client.GetChatClient("phantom");
        var error = await Should.ThrowAsync<ClientResultException>(() => chat.CompleteChatAsync([new UserChatMessage("Hi")], new ChatCompletionOptions { FrequencyPenalty = 1 }, TestContext.Current.CancellationToken));
        error.Status.ShouldBe(400);
        error.Message.ShouldContain("frequency_penalty");
    }
}
