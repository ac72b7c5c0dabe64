using System.Diagnostics;
using System.Globalization;
using Capvec.Engine.Loading;
using Capvec.Engine.Requests;
using Capvec.Engine.Scheduling;

namespace Capvec.Bench;

/// <summary>Prefill and decode rates of one model, the median of several runs, with the cost of capture and steering beside the plain run.</summary>
internal static class EngineBench
{
    private const int Runs = 5;

    public static async Task RunAsync(string folder, int threads)
    {
        var clock = Stopwatch.StartNew();
        using var model = LanguageModel.Load(folder);
        Line($"{model.Name}: {model.Layers} blocks, hidden {model.Hidden}, vocabulary {model.Vocabulary}; loaded in {clock.Elapsed.TotalSeconds:F2} s; {threads} threads, kernels {Numerics.Kernels.KernelPaths.Default}");
        using var engine = new InferenceEngine(model, new EngineOptions { Threads = threads, CacheBytes = 0 });
        var small = model.Hidden <= 512;
        await Forward(engine, sequences: small ? 16 : 1, length: 512, capture: false);
        await Forward(engine, sequences: small ? 16 : 1, length: 512, capture: true);
        foreach (var sequences in new[] { 1, 4, 16, 64 })
        {
            await Decode(engine, sequences, tokens: small ? 128 : 16, steered: false);
            if (sequences == 16)
                await Decode(engine, sequences, tokens: small ? 128 : 16, steered: true);
        }
    }

    private static async Task Forward(InferenceEngine engine, int sequences, int length, bool capture)
    {
        var seconds = await Median(async () =>
        {
            await Task.WhenAll(Enumerable.Range(0, sequences).Select(i => engine.ForwardAsync(new ForwardRequest
            {
                Tokens = Tokens(engine, i, length),
                Logits = LogitRows.Last,
                Capture = capture ? new CaptureRequest { Reduction = CaptureReduction.Mean } : null,
            })));
        });
        Line($"prefill {sequences,3} x {length}{(capture ? ", mean of every layer" : ""),-24} {sequences * length / seconds,10:F0} tokens/s");
    }

    // The time of the prompts is taken off by running them with one new token.
    private static async Task Decode(InferenceEngine engine, int sequences, int tokens, bool steered)
    {
        var direction = Enumerable.Range(0, engine.Model.Hidden).Select(i => (float)Math.Sin(i)).ToArray();
        Task Run(int n) => Task.WhenAll(Enumerable.Range(0, sequences).Select(i => engine.GenerateAsync(new GenerationRequest
        {
            Prompt = Tokens(engine, i, 32),
            MaxTokens = n,
            Steering = steered ? Engine.Interventions.SteeringPlan.Add(i % engine.Model.Layers, direction, 0.001f * (i + 1)) : Engine.Interventions.SteeringPlan.None,
        })));
        var whole = await Median(() => Run(tokens + 1));
        var prompts = await Median(() => Run(1));
        Line($"decode  {sequences,3} sequences{(steered ? ", each steered" : ""),-24} {sequences * tokens / (whole - prompts),10:F0} tokens/s in all");
    }

    private static int[] Tokens(InferenceEngine engine, int seed, int length)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, length).Select(_ => random.Next(engine.Model.Vocabulary))];
    }

    private static async Task<double> Median(Func<Task> run)
    {
        await run();
        var times = new List<double>();
        for (var i = 0; i < Runs; i++)
        {
            var clock = Stopwatch.StartNew();
            await run();
            times.Add(clock.Elapsed.TotalSeconds);
        }

        return times.Order().ElementAt(Runs / 2);
    }

    private static void Line(FormattableString text) => Console.WriteLine(text.ToString(CultureInfo.InvariantCulture));
}
