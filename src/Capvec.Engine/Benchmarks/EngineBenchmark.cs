using System.Runtime.CompilerServices;
using Capvec.Engine.Requests;
using Capvec.Engine.Scheduling;
using Capvec.Numerics.Kernels;

namespace Capvec.Engine.Benchmarks;

/// <summary>Rates of one engine: prefill over context lengths and captured layers, decode over batches and contexts. Each figure is the median of several runs after one that does not count.</summary>
/// <param name="engine">An idle engine.</param>
/// <param name="runs">Runs that count.</param>
public sealed class EngineBenchmark(InferenceEngine engine, int runs)
{
    private readonly PackedMatrix[] _weights = [.. engine.Model.Weights.Projections.SelectMany(p => p.Matrices)];

    // Every run gets prompts of its own: an engine that shares prefixes must not find one again.
    private int _seed = 1;

    /// <summary>One prompt of each length, plain and with the mean of 1 and of every layer captured.</summary>
    /// <param name="contexts">Tokens of the prompts.</param>
    /// <param name="cancellation">Stops between two steps of the engine.</param>
    public async IAsyncEnumerable<EngineRate> PrefillAsync(IEnumerable<int> contexts, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        var layers = engine.Model.Layers;
        // Of a prompt only the last position goes through the output matrix.
        var macs = _weights.Except(engine.Model.Weights.Output.Matrices).Sum(Count);
        foreach (var context in contexts)
        {
            foreach (var captured in new[] { 0, 1, layers })
            {
                var capture = captured == 0 ? null : new CaptureRequest { Reduction = CaptureReduction.Mean, Layers = captured == 1 ? [layers / 2] : [] };
                var rate = await MedianAsync(async () => context / await EngineTimer.PrefillAsync(engine, _seed++, context, capture, cancellation));
                yield return new EngineRate("prefill", context, 1, captured, Steered: false, rate, 0, rate * macs);
            }
        }
    }

    /// <summary>Batches of several sizes over short prompts, plain and with a steering vector a sequence, then one sequence after each context.</summary>
    /// <param name="batches">Sequences at once.</param>
    /// <param name="contexts">Tokens before the first new one, for one sequence.</param>
    /// <param name="tokens">Tokens that each sequence writes.</param>
    /// <param name="cancellation">Stops between two steps of the engine.</param>
    public async IAsyncEnumerable<EngineRate> DecodeAsync(IEnumerable<int> batches, IEnumerable<int> contexts, int tokens, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        foreach (var batch in batches)
        {
            yield return await RateAsync(batch, EngineTimer.DecodePrompt, steered: false);
            yield return await RateAsync(batch, EngineTimer.DecodePrompt, steered: true);
        }

        foreach (var context in contexts)
            yield return await RateAsync(1, context, steered: false);

        async Task<EngineRate> RateAsync(int batch, int context, bool steered)
        {
            var rate = await MedianAsync(() => EngineTimer.DecodeAsync(
                engine, _seed++, batch, tokens, steered ? i => EngineTimer.Steering(engine, i) : null, context, cancellation));
            return new EngineRate("decode", context, batch, 0, steered, rate, rate / batch * _weights.Sum(w => w.Bytes), rate * _weights.Sum(Count));
        }
    }

    private static double Count(PackedMatrix weights) => (double)weights.Rows * weights.Columns;

    private async Task<double> MedianAsync(Func<Task<double>> run)
    {
        await run();
        var rates = new List<double>();
        for (var i = 0; i < runs; i++)
            rates.Add(await run());
        return EngineTimer.Median(rates);
    }
}
