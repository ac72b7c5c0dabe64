using Capvec.Engine.Interventions;
using Capvec.Engine.Loading;
using Capvec.Engine.Requests;
using Capvec.Engine.Scheduling;

namespace Capvec.Experiments.Screening;

/// <summary>The passes over one trace: the plain one first, which keeps its distributions and its residual stream, then as many steered ones as are wanted.</summary>
internal sealed class TracePasses
{
    private readonly InferenceEngine _engine;
    private readonly LoraAdapter? _adapter;
    private readonly ScreenTrace _trace;
    private readonly ForwardResult _plain;
    private readonly IReadOnlyList<int> _layers;
    private readonly int _openingTokens;

    private TracePasses(InferenceEngine engine, LoraAdapter? adapter, ScreenTrace trace, ForwardResult plain, IReadOnlyList<int> layers, int openingTokens)
    {
        (_engine, _adapter, _trace) = (engine, adapter, trace);
        (_plain, _layers, _openingTokens) = (plain, layers, openingTokens);
    }

    /// <summary>Tokens that KL is taken at.</summary>
    public int KlTokens => _plain.Scores!.Kept!.Targets.Count;

    /// <summary>Runs the plain pass.</summary>
    /// <param name="engine">Runs it.</param>
    /// <param name="adapter">The adapter under test, or null.</param>
    /// <param name="trace">What is read.</param>
    /// <param name="layers">0-based blocks that will be steered.</param>
    /// <param name="keepRows">Most distributions kept.</param>
    /// <param name="openingTokens">First tokens of a reply that count as its opening.</param>
    /// <param name="cancellation">Gives up.</param>
    public static async Task<TracePasses> StartAsync(InferenceEngine engine, LoraAdapter? adapter, ScreenTrace trace, IReadOnlyList<int> layers, int keepRows, int openingTokens, CancellationToken cancellation)
    {
        var plain = await engine.ForwardAsync(
            new ForwardRequest
            {
                Tokens = trace.Ids,
                Own = trace.Own,
                Adapter = adapter,
                Score = new ScoreRequest { Targets = trace.Own, KeepRows = keepRows },
                KeepTrunks = [.. layers],
                Capture = new CaptureRequest { Layers = [.. layers], Reduction = CaptureReduction.MeanLength, Tokens = trace.Own },
            },
            cancellation).ConfigureAwait(false);
        return new(engine, adapter, trace, plain, layers, openingTokens);
    }

    /// <summary>Reads the trace under steering at one layer.</summary>
    public async Task<TraceChange> SteerAsync(int layer, SteeringPlan steering, CancellationToken cancellation)
    {
        var plain = _plain.Scores!;
        var steered = await _engine.ForwardAsync(
            new ForwardRequest
            {
                Tokens = _trace.Ids,
                Own = _trace.Own,
                Adapter = _adapter,
                Steering = steering,
                Score = new ScoreRequest { Targets = _trace.Own, Reference = plain.Kept },
                Capture = new CaptureRequest { Layers = [layer], Reduction = CaptureReduction.MeanLength, Tokens = _trace.Own },
            },
            cancellation).ConfigureAwait(false);
        var scores = steered.Scores!;
        var length = _plain.Capture!.Values[_layers.Index().First(l => l.Item == layer).Index][0];
        return new(
            Mean(scores.LogProbs) - Mean(plain.LogProbs),
            scores.Divergences.Where(float.IsFinite).Average(x => (double)x),
            Mean(scores.Entropies) - Mean(plain.Entropies),
            (steered.Capture!.Values[0][0] / length) - 1,
            Openings(plain, scores));
    }

    private static double Mean(float[] values) => values.Average(x => (double)x);

    // Replies follow each other in the targets, in order of position.
    private List<double> Openings(TokenScores plain, TokenScores steered)
    {
        var openings = new List<double>();
        var at = 0;
        foreach (var reply in _trace.Replies)
        {
            var sum = 0.0;
            for (var i = at; i < at + Math.Min(_openingTokens, reply.End - reply.First); i++)
                sum += (double)steered.LogProbs[i] - plain.LogProbs[i];
            openings.Add(sum);
            at += reply.End - reply.First;
        }

        return openings;
    }
}
