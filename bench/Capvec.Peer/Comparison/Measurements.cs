using Capvec.Engine.Benchmarks;
using Capvec.Engine.Interventions;
using Capvec.Engine.Requests;
using Capvec.Engine.Scheduling;

namespace Capvec.Peer.Comparison;

/// <summary>What is measured beside llama.cpp, and what of ours beside ours.</summary>
/// <param name="engine">Our engine.</param>
/// <param name="theirs">llama.cpp.</param>
/// <param name="runs">Runs that count.</param>
/// <param name="armRuns">Runs of the alpha grid that count; one takes minutes at 4B.</param>
internal sealed class Measurements(InferenceEngine engine, PeerProcess theirs, int runs, int armRuns)
{
    private const int Prefill = 512;
    private const int DecodeTokens = 48;
    private const int Arms = 12;
    private const int ArmPrompt = 1000;
    private const int ArmTokens = 64;

    /// <summary>The alpha grid's strengths: 12, none of them 0, so that every arm is work.</summary>
    private static float[] Alphas => [.. Enumerable.Range(0, Arms).Select(i => i < Arms / 2 ? i - (Arms / 2) : i - (Arms / 2) + 1f)];

    /// <summary>The block at two thirds of the depth.</summary>
    private int Layer => engine.Model.Layers * 2 / 3;

    /// <summary>Ours first, llama.cpp second.</summary>
    public IEnumerable<ComparedWork> WithPeer()
    {
        yield return new ComparedWork(
            $"prefill {Prefill}", Prefill, seed => EngineTimer.PrefillAsync(engine, seed, Prefill), seed => Their(new PeerRequest("prefill", seed, Prefill)), runs);
        foreach (var sequences in new[] { 1, 8, 16 })
        {
            yield return new ComparedWork(
                $"decode, {sequences} sequence{(sequences == 1 ? "" : "s")}", sequences * DecodeTokens, seed => DecodeAsync(seed, sequences, steered: false),
                seed => Their(new PeerRequest("decode", seed, EngineTimer.DecodePrompt, DecodeTokens, sequences)), runs);
        }

        yield return new ComparedWork(
            $"{Arms} strengths at layer {Layer}, prompt {ArmPrompt}, {ArmTokens} new", 0, ArmsAsync,
            seed => Their(new PeerRequest("arms", seed, ArmPrompt, ArmTokens, Layer: Layer, Alphas: Alphas)), armRuns);
    }

    /// <summary>Ours with something first, ours without it second: what capture and steering cost.</summary>
    public IEnumerable<ComparedWork> OfOurs()
    {
        // Seeds far apart: the second side must not find the prompts of the first in a cache.
        const int Apart = 1_000_000;
        yield return new ComparedWork(
            $"prefill {Prefill} with the mean of every layer captured", Prefill,
            seed => EngineTimer.PrefillAsync(engine, seed, Prefill, new CaptureRequest { Reduction = CaptureReduction.Mean }), seed => EngineTimer.PrefillAsync(engine, Apart + seed, Prefill), runs);
        yield return new ComparedWork(
            $"prefill {Prefill} with the last token of every layer captured", Prefill,
            seed => EngineTimer.PrefillAsync(engine, seed, Prefill, new CaptureRequest { Reduction = CaptureReduction.Last }), seed => EngineTimer.PrefillAsync(engine, Apart + seed, Prefill), runs);
        yield return new ComparedWork(
            "decode, 16 sequences, each steered otherwise", 16 * DecodeTokens, seed => DecodeAsync(seed, 16, steered: true), seed => DecodeAsync(Apart + seed, 16, steered: false), runs);
    }

    private async Task<double> DecodeAsync(int seed, int sequences, bool steered) =>
        sequences * DecodeTokens / await EngineTimer.DecodeAsync(engine, seed, sequences, DecodeTokens, steered ? i => EngineTimer.Steering(engine, i) : null);

    private Task<double> ArmsAsync(int seed)
    {
        var direction = EngineTimer.Direction(engine.Model.Hidden, seed);
        return EngineTimer.ArmsAsync(engine, seed, ArmPrompt, ArmTokens, [.. Alphas.Select(alpha => SteeringPlan.Add(Layer, direction, alpha))]);
    }

    private Task<double> Their(PeerRequest request) => Task.FromResult(theirs.Run(request).Seconds);
}
