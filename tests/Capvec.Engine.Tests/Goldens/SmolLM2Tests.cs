using System.Text.Json;
using Capvec.Engine.Loading;
using Capvec.Engine.Requests;
using Capvec.Engine.Scheduling;
using Capvec.Tests;
using Capvec.Text.Templates;

namespace Capvec.Engine.Tests.Goldens;

/// <summary>A real pretrained model, SmolLM2-135M-Instruct as a Q4_1 file, against transformers on its dequantised weights. Skipped where the file is not at hand.</summary>
public sealed class SmolLM2Tests
{
    // Limits for engines that may quantise activations; the greedy text is compared up to the first choice that such rounding could turn.
    private const double LogitTolerance = 0.3, Undecided = 0.3, LossTolerance = 0.01;

    [Fact]
    public async Task Chats_and_perplexity_agree()
    {
        var folder = Repository.Shared("models", "smollm2");
        using var text = TextModel.Load(Path.Combine(folder, "SmolLM2-135M-Instruct.Q4_1.gguf"));
        var model = text.Model;
        (model.Config.Family, model.Layers, model.Hidden, model.Vocabulary).ShouldBe(("Llama", 30, 576, 49152));
        using var engine = new InferenceEngine(model);
        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "golden.json")));
        var golden = json.RootElement;
        var chats = golden.GetProperty("chats").EnumerateArray().ToArray();
        chats.Length.ShouldBe(6);
        foreach (var chat in chats)
        {
            var label = chat.GetProperty("greedy_text").GetString();
            int[] ids = Ids(chat, "ids"), greedy = Ids(chat, "greedy"), top = Ids(chat, "top10_ids");
            var messages = chat.GetProperty("messages").EnumerateArray().Select(m => new ChatMessage(m.GetProperty("role").GetString()!, m.GetProperty("content").GetString()!));
            var rendered = text.Template.Render([.. messages], addGenerationPrompt: true);
            rendered.ShouldBe(chat.GetProperty("text").GetString());
            text.Tokenizer.Encode(rendered).ShouldBe(ids);
            text.Tokenizer.Decode(greedy, skipSpecial: true).ShouldBe(label);
            var gaps = Numbers(chat, "top2_gap");
            var prompt = await engine.ForwardAsync(new ForwardRequest { Tokens = ids, Logits = LogitRows.Last, NextLogProbs = true }, TestContext.Current.CancellationToken);
            foreach (var (id, logit) in top.Zip(Numbers(chat, "top10_logits")))
                ((double)prompt.Logits[id]).ShouldBe(logit, LogitTolerance, $"token {id} before '{label}'");
            var logProb = chat.GetProperty("prompt_logprob").GetDouble();
            prompt.NextLogProbs.Sum(x => (double)x).ShouldBe(logProb, Math.Abs(LossTolerance * logProb), label);

            var sure = gaps.TakeWhile(gap => gap >= Undecided).Count();
            if (sure == 0)
                continue;
            var reply = await engine.GenerateAsync(new GenerationRequest { Prompt = ids, MaxTokens = sure }, TestContext.Current.CancellationToken);
            reply.Tokens.ShouldBe(greedy[..sure], label);
        }

        var passage = Ids(golden, "words_ids");
        text.Tokenizer.Encode(golden.GetProperty("words").GetString()!)[..passage.Length].ShouldBe(passage);
        var words = await engine.ForwardAsync(new ForwardRequest { Tokens = passage, NextLogProbs = true }, TestContext.Current.CancellationToken);
        var loss = golden.GetProperty("words_mean_nll").GetDouble();
        (-words.NextLogProbs.Average(x => (double)x)).ShouldBe(loss, LossTolerance * loss);
    }

    private static int[] Ids(JsonElement parent, string name) => [.. parent.GetProperty(name).EnumerateArray().Select(x => x.GetInt32())];

    private static double[] Numbers(JsonElement parent, string name) => [.. parent.GetProperty(name).EnumerateArray().Select(x => x.GetDouble())];
}
