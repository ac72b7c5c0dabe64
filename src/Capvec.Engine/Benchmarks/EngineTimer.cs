using System.Diagnostics;
using Capvec.Engine.Interventions;
using Capvec.Engine.Requests;
using Capvec.Engine.Scheduling;
using Capvec.Formats.Errors;

namespace Capvec.Engine.Benchmarks;

/// <summary>Times pieces of work on an engine that does nothing else. Prompts are random ids from a seed; a new seed gives a prompt that no cache has seen.</summary>
public static class EngineTimer
{
    /// <summary>Tokens of the prompts that <see cref="DecodeAsync"/> continues: short, so that all of them fit one step.</summary>
    public const int DecodePrompt = 16;

    /// <summary>Random ids [length]; the same seed gives the same ids.</summary>
    public static int[] Tokens(int vocabulary, int seed, int length)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, length).Select(_ => random.Next(vocabulary))];
    }

    /// <summary>Seconds from the request to the logits of the last position of one prompt.</summary>
    /// <param name="engine">An idle engine.</param>
    /// <param name="seed">Chooses the prompt.</param>
    /// <param name="length">Tokens of the prompt.</param>
    /// <param name="capture">What is captured on the way, or null.</param>
    /// <param name="cancellation">Stops the work between two steps.</param>
    public static async Task<double> PrefillAsync(InferenceEngine engine, int seed, int length, CaptureRequest? capture = null, CancellationToken cancellation = default)
    {
        var tokens = Tokens(engine.Model.Vocabulary, seed, length);
        var start = Stopwatch.GetTimestamp();
        await engine.ForwardAsync(new ForwardRequest { Tokens = tokens, Logits = LogitRows.Last, Capture = capture }, cancellation);
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>Tokens a second, of all sequences together, that an engine writes.</summary>
    /// <remarks>
    /// The clock runs from the first token of the sequence that got it last to the last token of the sequence that ended last, and only tokens within that count:
    /// prompts are outside.
    /// </remarks>
    /// <param name="engine">An idle engine.</param>
    /// <param name="seed">Chooses the prompts.</param>
    /// <param name="sequences">Sequences at once.</param>
    /// <param name="tokens">Tokens that each writes after its first.</param>
    /// <param name="steering">The steering of the n-th sequence, or null for none.</param>
    /// <param name="prompt">Tokens of each prompt.</param>
    /// <param name="cancellation">Stops the work between two steps.</param>
    public static async Task<double> DecodeAsync(
        InferenceEngine engine, int seed, int sequences, int tokens, Func<int, SteeringPlan>? steering = null, int prompt = DecodePrompt, CancellationToken cancellation = default)
    {
        // Callbacks come from the engine's thread alone, so a list needs no lock.
        var times = Enumerable.Range(0, sequences).Select(_ => new List<long>(tokens + 1)).ToArray();
        await Task.WhenAll(Enumerable.Range(0, sequences).Select(i => engine.GenerateAsync(new GenerationRequest
        {
            Prompt = Tokens(engine.Model.Vocabulary, (seed * 1009) + i, prompt),
            MaxTokens = tokens + 1,
            Steering = steering?.Invoke(i) ?? SteeringPlan.None,
            OnToken = (_, _) =>
            {
                times[i].Add(Stopwatch.GetTimestamp());
                return true;
            },
        }, cancellation)));
        var (start, end) = (times.Max(t => t[0]), times.Max(t => t[^1]));
        var counted = times.Sum(list => list.Count(t => t > start));
        return counted / Stopwatch.GetElapsedTime(start, end).TotalSeconds;
    }

    /// <summary>Seconds until several differently steered continuations of one prompt are all there.</summary>
    /// <param name="engine">An idle engine.</param>
    /// <param name="seed">Chooses the prompt.</param>
    /// <param name="prompt">Tokens of the prompt.</param>
    /// <param name="tokens">Tokens that each arm writes.</param>
    /// <param name="arms">The arms' steering.</param>
    public static async Task<double> ArmsAsync(InferenceEngine engine, int seed, int prompt, int tokens, IReadOnlyList<SteeringPlan> arms)
    {
        var ids = Tokens(engine.Model.Vocabulary, seed, prompt);
        var start = Stopwatch.GetTimestamp();
        await Task.WhenAll(arms.Select(arm => engine.GenerateAsync(new GenerationRequest { Prompt = ids, MaxTokens = tokens, Steering = arm })));
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>A steering that adds a vector of its own at each of the layers in turn: sequence n gets layer n modulo the number of layers.</summary>
    public static SteeringPlan Steering(InferenceEngine engine, int sequence) =>
        SteeringPlan.Add(sequence % engine.Model.Layers, Direction(engine.Model.Hidden, sequence), 0.001f * (sequence + 1));

    /// <summary>A direction [hidden] of length 1.</summary>
    public static float[] Direction(int hidden, int seed)
    {
        var random = new Random(seed);
        var values = Enumerable.Range(0, hidden).Select(_ => (float)(random.NextDouble() - 0.5)).ToArray();
        var length = MathF.Sqrt(values.Sum(x => x * x));
        return [.. values.Select(x => x / length)];
    }

    /// <summary>The middle of several values.</summary>
    /// <exception cref="CapvecException">There is none.</exception>
    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        if (sorted.Length == 0)
            throw new CapvecException("nothing was measured, so there is no median; run at least once.");
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
    }
}
