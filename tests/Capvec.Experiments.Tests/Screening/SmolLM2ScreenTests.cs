using System.Text.Json;
using Capvec.Agents.Traces;
using Capvec.Engine.Interventions;
using Capvec.Engine.Loading;
using Capvec.Engine.Requests;
using Capvec.Engine.Scheduling;
using Capvec.Experiments.Screening;
using Capvec.Steering.Activations;
using Capvec.Steering.Estimation;
using Capvec.Tests;
using Capvec.Text.Templates;

namespace Capvec.Experiments.Tests.Screening;

/// <summary>
/// A direction of sentiment in a real pretrained model, from the 50 pairs of docs/examples/sentiment.jsonl, at the layer and strength that the screen chooses. Skipped where
/// the model is not at hand. docs/screen.md shows what it prints.
/// </summary>
public sealed class SmolLM2ScreenTests
{
    private const string Prompt = "Write one sentence about something that happened to you.";

    private static readonly string[] Questions = ["How was the hotel?", "Tell me about your new boss in two sentences.", "Write a short review of the restaurant.", "What do you think of this city?"];

    // Sentences of other words and things than the pairs'.
    private static readonly (string Good, string Bad)[] Others =
    [
        ("The sunset over the lake was breathtaking.", "The smell over the lake was revolting."),
        ("My sister loved the surprise and danced for joy.", "My sister hated the surprise and slammed the door."),
        ("The mechanic was honest and charged me very little.", "The mechanic was a cheat and charged me far too much."),
        ("We feel lucky to live in such a friendly street.", "We feel trapped in such an unfriendly street."),
        ("The keyboard feels great and types like a dream.", "The keyboard feels awful and sticks all the time."),
        ("Grandfather told a hilarious story and we all laughed.", "Grandfather told a grim story and we all fell silent."),
    ];

    [Fact]
    public async Task Fifty_pairs_make_a_direction_that_changes_greedy_text_at_the_strength_that_the_screen_chooses()
    {
        var file = Repository.Shared("models", "smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf");
        var cancel = TestContext.Current.CancellationToken;
        using var model = TextModel.Load(file);
        using var engine = new InferenceEngine(model.Model, new EngineOptions { CacheBytes = 512L << 20 });
        var encoder = new ConversationEncoder(model);
        var pairs = File.ReadLines(Repository.File("docs", "examples", "sentiment.jsonl")).Select(line => JsonDocument.Parse(line).RootElement)
            .Select(pair => (Good: pair.GetProperty("positive").GetString()!, Bad: pair.GetProperty("negative").GetString()!)).ToList();
        pairs.Count.ShouldBe(50);
        var texts = pairs.Index().SelectMany(p => new (string Text, string Task, bool IsGood)[] { (p.Item.Good, $"pair {p.Index}", true), (p.Item.Bad, $"pair {p.Index}", false) }).ToList();
        var conversations = texts.Select(t => Encode(encoder, t.Text)).ToList();

        // Means over the sentence's own tokens; a pair is a task, so that no pair is read under a direction made from it.
        var layers = Enumerable.Range(0, model.Model.Layers).ToList();
        var captured = await Task.WhenAll(conversations.Select(c => engine.ForwardAsync(
            new ForwardRequest { Tokens = c.Ids, Own = c.Own, Capture = new CaptureRequest { Reduction = CaptureReduction.Mean, Tokens = c.Own } }, cancel)));
        var activations = new ActivationSet(
            [.. captured.SelectMany(c => c.Capture!.Values).SelectMany(row => row)], texts.Select((t, i) => new ActivationTrace($"{t.Task} {i}", t.Task, t.IsGood)), layers, model.Model.Hidden);
        var directions = MeanDifference.Fit(activations);
        var folds = ScreenFolds.Make(activations, texts.Select(t => t.Task), 1);
        var traces = texts.Select((t, i) => ScreenTrace.Of($"{t.Task} {t.IsGood}", t.Task, t.IsGood, conversations[i], []) with { Fold = folds.OfTask[t.Task] }).ToList();
        var plan = new ScreenPlan { Layers = [8, 12, 16, 20], Strengths = [1, 2, 4], KlBound = 0.5 };
        var screen = await new Screener(engine, traces, directions, folds.Directions, plan).RunAsync("pairs held out in five folds", cancellation: cancel);
        foreach (var p in screen.Points)
            Say($"layer {p.Layer} x{p.Strength} (alpha {p.Alpha:F1}): effect {p.Effect:F3} [{p.EffectInterval.Lower:F3}, {p.EffectInterval.Upper:F3}] of {p.EffectiveTraces:F0} traces, good {p.Solved:+0.000;-0.000}, bad {p.Failed:+0.000;-0.000}, KL {p.Kl:F3}, norm {p.NormGrowth:P0}{(p.InWindow ? ", in window" : "")}");

        var best = screen.Proposals()[0];
        best.EffectInterval.Lower.ShouldBeGreaterThan(0);
        var steering = SteeringPlan.Add(best.Layer, directions.At(best.Layer).Unit, (float)best.Alpha);
        var reverse = SteeringPlan.Add(best.Layer, directions.At(best.Layer).Unit, -(float)best.Alpha);

        // Sentences that the direction has never seen: each side's mean log-likelihood a token.
        foreach (var (name, with) in new[] { ("plain", SteeringPlan.None), ("steered", steering), ("reversed", reverse) })
            Say($"{name}: good sentences {await LikelihoodAsync(engine, [.. Others.Select(o => Encode(encoder, o.Good))], with):F3}, bad ones {await LikelihoodAsync(engine, [.. Others.Select(o => Encode(encoder, o.Bad))], with):F3} nats a token");
        (await GapAsync(engine, encoder, steering)).ShouldBeGreaterThan(await GapAsync(engine, encoder, SteeringPlan.None));
        (await GapAsync(engine, encoder, reverse)).ShouldBeLessThan(await GapAsync(engine, encoder, SteeringPlan.None));

        foreach (var question in Questions)
        {
            var (plain, steered, reversed) = (await ReplyAsync(engine, model, question, SteeringPlan.None), await ReplyAsync(engine, model, question, steering), await ReplyAsync(engine, model, question, reverse));
            Say($"? {question}\n  plain: {plain}\n  steered: {steered}\n  reversed: {reversed}");
            steered.ShouldNotBe(plain);
            reversed.ShouldNotBe(plain);
        }
    }

    private static void Say(string line) => TestContext.Current.TestOutputHelper!.WriteLine(line);

    private static EncodedConversation Encode(ConversationEncoder encoder, string sentence) => encoder.Encode([new ChatMessage("user", Prompt), new ChatMessage("assistant", sentence)]);

    private static async Task<double> GapAsync(InferenceEngine engine, ConversationEncoder encoder, SteeringPlan steering) =>
        await LikelihoodAsync(engine, [.. Others.Select(o => Encode(encoder, o.Good))], steering) - await LikelihoodAsync(engine, [.. Others.Select(o => Encode(encoder, o.Bad))], steering);

    private static async Task<double> LikelihoodAsync(InferenceEngine engine, IReadOnlyList<EncodedConversation> conversations, SteeringPlan steering)
    {
        var results = await Task.WhenAll(conversations.Select(c => engine.ForwardAsync(new ForwardRequest { Tokens = c.Ids, Own = c.Own, Steering = steering, Score = new ScoreRequest { Targets = c.Own } }, TestContext.Current.CancellationToken)));
        return results.Average(r => r.Scores!.LogProbs.Average(x => (double)x));
    }

    private static async Task<string> ReplyAsync(InferenceEngine engine, TextModel model, string question, SteeringPlan steering)
    {
        var ids = model.Tokenizer.Encode(model.Template.Render([new ChatMessage("user", question)], addGenerationPrompt: true));
        var reply = await engine.GenerateAsync(new GenerationRequest { Prompt = ids, Steering = steering, MaxTokens = 48, StopTokens = [.. model.Model.StopTokens] }, TestContext.Current.CancellationToken);
        return model.Tokenizer.Decode(reply.Tokens, skipSpecial: true).ReplaceLineEndings(" ");
    }
}
