using Capvec.Engine.Interventions;
using Capvec.Engine.Loading;
using Capvec.Engine.Requests;
using Capvec.Engine.Sampling;
using Capvec.Numerics.Randomness;

namespace Capvec.Soak;

/// <summary>
/// Makes random requests from a seed. Prompts begin with one of a few shared texts, so that whatever the engine shares between requests is
/// used; the rest (adapter, steering, sampling, masks, captures, cancellation) is drawn for each.
/// </summary>
/// <param name="model">The model.</param>
/// <param name="adapters">Its adapters.</param>
/// <param name="seed">The seed.</param>
internal sealed class RequestMaker(LanguageModel model, IReadOnlyList<LoraAdapter> adapters, ulong seed)
{
    private const int SharedPrompts = 8;
    private const int LongestShared = 320;
    private const int LongestOwn = 96;
    private const int LongestReply = 80;

    private readonly SplitMix64 _random = new(seed);
    private readonly int[][] _shared = [.. Enumerable.Range(0, SharedPrompts).Select(i => Tokens(new SplitMix64(SplitMix64.At(seed, (ulong)i)), model.Vocabulary, 16 + (i * (LongestShared - 16) / (SharedPrompts - 1))))];

    // A few vectors for all: arms of a study share theirs, and equal steering is what a cache could confuse with nearly equal steering.
    private readonly float[][] _directions = [.. Enumerable.Range(0, 4).Select(i => Direction(new SplitMix64(SplitMix64.At(~seed, (ulong)i)), model.Hidden))];

    /// <summary>The next request.</summary>
    public SoakRequest Next()
    {
        var prompt = Prompt();
        var own = _random.Below(3) == 0 ? prompt.Select(_ => _random.Below(2) == 0).ToArray() : null;
        var adapter = adapters.Count > 0 && _random.Below(3) == 0 ? adapters[_random.Below(adapters.Count)] : null;
        var steering = Steering(prompt.Length);
        if (_random.Below(5) == 0)
        {
            var capture = _random.Below(3) == 0 ? null : new CaptureRequest
            {
                Reduction = (CaptureReduction)_random.Below(3),
                Layers = _random.Below(2) == 0 ? [] : [_random.Below(model.Layers)],
                Tokens = _random.Below(2) == 0 ? null : prompt.Select(_ => _random.Below(3) > 0).ToArray(),
            };
            var forward = new ForwardRequest
            {
                Tokens = prompt, Own = own, Adapter = adapter, Steering = steering, Logits = LogitRows.Last, NextLogProbs = _random.Below(2) == 0, Capture = capture,
            };
            return new SoakRequest(null, forward, _random.Below(12) == 0 ? 0 : null);
        }

        var generation = new GenerationRequest
        {
            Prompt = prompt,
            Own = own,
            Adapter = adapter,
            Steering = steering,
            Sampling = Sampling(),
            MaxTokens = 1 + _random.Below(LongestReply),
            StopTokens = _random.Below(2) == 0 ? [.. model.StopTokens] : [],
        };
        return new SoakRequest(generation, null, _random.Below(10) == 0 ? _random.Below(generation.MaxTokens) : null);
    }

    private static int[] Tokens(SplitMix64 random, int vocabulary, int length) => [.. Enumerable.Range(0, length).Select(_ => random.Below(vocabulary))];

    private static float[] Direction(SplitMix64 random, int hidden) => [.. Enumerable.Range(0, hidden).Select(_ => (float)(random.Uniform() - 0.5))];

    private int[] Prompt()
    {
        var shared = _shared[_random.Below(SharedPrompts)];
        // Sometimes a prefix that ends anywhere, sometimes the same prompt again as a whole.
        var kept = _random.Below(3) == 0 ? 1 + _random.Below(shared.Length) : shared.Length;
        var own = _random.Below(4) == 0 ? 0 : _random.Below(LongestOwn);
        return [.. shared[..kept], .. Tokens(_random, model.Vocabulary, own)];
    }

    private SteeringPlan Steering(int length)
    {
        if (_random.Below(2) == 0)
            return SteeringPlan.None;
        return new SteeringPlan([.. Enumerable.Range(0, 1 + _random.Below(3)).Select(_ => new Intervention(
            (SteeringOperation)_random.Below(3),
            _random.Below(model.Layers),
            _directions[_random.Below(_directions.Length)],
            strength: (float)(_random.Uniform() - 0.5) * _random.Below(3), // 0 now and then
            where: Mask(length),
            site: (SteeringSite)_random.Below(4)))]);
    }

    private SteeringMask Mask(int length) => _random.Below(5) switch
    {
        0 => SteeringMask.PromptOnly,
        1 => SteeringMask.GeneratedOnly,
        2 => SteeringMask.All with { From = _random.Below(length) },
        3 => SteeringMask.All with { To = 1 + _random.Below(length) },
        _ => SteeringMask.All,
    };

    private SamplingOptions Sampling() => _random.Below(3) == 0 ? SamplingOptions.Greedy : new SamplingOptions
    {
        Temperature = 0.2f + (float)_random.Uniform(),
        TopK = _random.Below(2) * _random.Below(50),
        TopP = _random.Below(2) == 0 ? 1 : 0.5f + (float)(_random.Uniform() / 2),
        MinP = _random.Below(3) == 0 ? 0.05f : 0,
        RepetitionPenalty = _random.Below(4) == 0 ? 1.1f : 1,
        Seed = _random.Next(),
    };
}
