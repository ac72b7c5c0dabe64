using System.Diagnostics;
using System.Globalization;
using Capvec.Engine.Interventions;
using Capvec.Engine.Loading;
using Capvec.Engine.Requests;
using Capvec.Engine.Scheduling;

namespace Capvec.Bench;

/// <summary>
/// Twelve arms over one prompt, steered at about 0.7 of the depth with twelve strengths (one of them 0): one after the other without sharing, together without
/// sharing, and together with it. The median of three runs, each on a new engine.
/// </summary>
internal static class SharingBench
{
    private const int Arms = 12;
    private const int Runs = 3;

    public static async Task RunAsync(string folder, int prompt, int reply)
    {
        using var model = LanguageModel.Load(folder);
        var layer = 7 * model.Layers / 10;
        Console.WriteLine($"{model.Name}: {Arms} arms at layer {layer} of {model.Layers}, prompt {prompt} tokens, reply {reply}");
        var apart = await Median(model, 0, async engine =>
        {
            foreach (var request in Requests(model, layer, prompt, reply))
                await engine.GenerateAsync(request);
        });
        var together = await Median(model, 0, engine => Task.WhenAll(Requests(model, layer, prompt, reply).Select(r => engine.GenerateAsync(r))));
        var shared = await Median(model, 1L << 30, engine => Task.WhenAll(Requests(model, layer, prompt, reply).Select(r => engine.GenerateAsync(r))));
        Line("one after the other", apart, apart);
        Line("together", together, apart);
        Line("together, shared", shared, apart);
    }

    private static IEnumerable<GenerationRequest> Requests(LanguageModel model, int layer, int prompt, int reply)
    {
        var random = new Random(1);
        int[] tokens = [.. Enumerable.Range(0, prompt).Select(_ => random.Next(model.Vocabulary))];
        float[] direction = [.. Enumerable.Range(0, model.Hidden).Select(i => MathF.Sin(i))];
        return Enumerable.Range(0, Arms).Select(i => new GenerationRequest { Prompt = tokens, MaxTokens = reply, Steering = SteeringPlan.Add(layer, direction, 0.01f * i) });
    }

    private static async Task<double> Median(LanguageModel model, long cacheBytes, Func<InferenceEngine, Task> run)
    {
        var times = new List<double>();
        for (var i = 0; i < Runs; i++)
        {
            using var engine = new InferenceEngine(model, new EngineOptions { CacheBytes = cacheBytes });
            var clock = Stopwatch.StartNew();
            await run(engine);
            times.Add(clock.Elapsed.TotalSeconds);
        }

        return times.Order().ElementAt(Runs / 2);
    }

    private static void Line(string what, double seconds, double than) =>
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what,-20} {seconds,8:F2} s {than / seconds,6:F1} x"));
}
