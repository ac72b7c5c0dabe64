using Capvec.Engine.Interventions;
using Capvec.Engine.Loading;
using Capvec.Engine.Requests;
using Capvec.Engine.Scheduling;

namespace Capvec.Experiments.Screening;

/// <summary>The passes over the traces of one task: the plain ones first, which keep their distributions and their residual streams, then as many steered ones as are wanted.</summary>
/// <remarks>
/// A trace's pass scores what it does not share with the trace before it. The engine starts it from the state that the other's pass has at that place, steered alike, since it
/// sees that requests begin alike; were it not kept, the pass would compute it again, with the same bits.
/// </remarks>
internal sealed class GroupPasses
{
    private readonly InferenceEngine _engine;
    private readonly LoraAdapter? _adapter;
    private readonly TraceGroup _group;
    private readonly IReadOnlyList<int> _layers;
    private readonly ReferenceRows?[] _references;
    private readonly TraceReading[] _plain;

    private GroupPasses(InferenceEngine engine, LoraAdapter? adapter, TraceGroup group, IReadOnlyList<int> layers, ForwardResult?[] plain)
    {
        (_engine, _adapter, _group, _layers) = (engine, adapter, group, layers);
        _references = [.. plain.Select(pass => pass?.Scores!.Kept)];
        _plain = Readings(group, plain, isPlain: true);
    }

    /// <summary>Tokens that KL is taken at, over all traces.</summary>
    public int KlTokens => _plain.Sum(reading => reading.Divergences.Count(float.IsFinite));

    /// <summary>Runs the plain passes.</summary>
    /// <param name="engine">Runs them.</param>
    /// <param name="adapter">The adapter under test, or null.</param>
    /// <param name="group">What is read.</param>
    /// <param name="layers">0-based blocks that will be steered.</param>
    /// <param name="keepRows">Most distributions kept of a trace, of what it shares proportionally fewer.</param>
    /// <param name="cancellation">Gives up.</param>
    public static async Task<GroupPasses> StartAsync(InferenceEngine engine, LoraAdapter? adapter, TraceGroup group, IReadOnlyList<int> layers, int keepRows, CancellationToken cancellation)
    {
        var plain = await Task.WhenAll(group.Members.Select(member => PassAsync(
            engine,
            member,
            Pass(member, adapter, layers) with { Score = new ScoreRequest { Targets = member.Targets, KeepRows = Rows(member, keepRows) }, KeepTrunks = [.. layers] },
            cancellation))).ConfigureAwait(false);
        return new(engine, adapter, group, layers, plain);
    }

    /// <summary>Reads the traces under steering at one layer; in the group's order.</summary>
    public async Task<IReadOnlyList<TraceChange>> SteerAsync(int layer, SteeringPlan steering, CancellationToken cancellation)
    {
        var passes = await Task.WhenAll(_group.Members.Select((member, i) => PassAsync(
            _engine,
            member,
            Pass(member, _adapter, [layer]) with { Steering = steering, Score = new ScoreRequest { Targets = member.Targets, Reference = _references[i] } },
            cancellation))).ConfigureAwait(false);
        var slot = _layers.Index().First(l => l.Item == layer).Index;
        return [.. Readings(_group, passes, isPlain: false).Select((steered, i) => Change(_group.Members[i].Trace, _plain[i], steered, slot))];
    }

    private static ForwardRequest Pass(TraceMember member, LoraAdapter? adapter, IReadOnlyList<int> layers) => new()
    {
        Tokens = member.Trace.Ids,
        Own = member.Trace.Own,
        Adapter = adapter,
        Capture = new CaptureRequest { Layers = [.. layers], Reduction = CaptureReduction.Lengths, Tokens = member.Targets },
    };

    private static async Task<ForwardResult?> PassAsync(InferenceEngine engine, TraceMember member, ForwardRequest request, CancellationToken cancellation) =>
        member.IsNew ? await engine.ForwardAsync(request, cancellation).ConfigureAwait(false) : null;

    private static int Rows(TraceMember member, int most)
    {
        long own = member.Trace.OwnTokens;
        return (int)Math.Min(own, ((most * (own - member.SharedOwn)) + own - 1) / own);
    }

    private static TraceReading[] Readings(TraceGroup group, ForwardResult?[] passes, bool isPlain)
    {
        var readings = new TraceReading[passes.Length];
        for (var i = 0; i < passes.Length; i++)
            readings[i] = TraceReading.Of(group.Members[i], i == 0 ? null : readings[i - 1], passes[i], isPlain);
        return readings;
    }

    private static TraceChange Change(ScreenTrace trace, TraceReading plain, TraceReading steered, int slot) => new(
        Mean(steered.LogProbs) - Mean(plain.LogProbs),
        Mean(steered.Divergences.Where(float.IsFinite)),
        Mean(steered.Entropies) - Mean(plain.Entropies),
        (Mean(steered.Lengths[0]) / Mean(plain.Lengths[slot])) - 1,
        Openings(trace, plain, steered));

    private static double Mean(IEnumerable<float> values) => values.Average(x => (double)x);

    // Replies follow each other in the readings, in order of position.
    private static List<double> Openings(ScreenTrace trace, TraceReading plain, TraceReading steered)
    {
        var openings = new List<double>();
        var at = 0;
        foreach (var reply in trace.Replies)
        {
            var sum = 0.0;
            for (var i = at; i < at + Math.Min(ScreenPlan.OpeningTokens, reply.End - reply.First); i++)
                sum += (double)steered.LogProbs[i] - plain.LogProbs[i];
            openings.Add(sum);
            at += reply.End - reply.First;
        }

        return openings;
    }
}
