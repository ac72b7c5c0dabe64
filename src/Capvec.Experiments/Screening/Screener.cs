using System.Collections.Immutable;
using Capvec.Engine.Interventions;
using Capvec.Engine.Loading;
using Capvec.Engine.Scheduling;
using Capvec.Experiments.Running;
using Capvec.Formats.Errors;
using Capvec.Steering.Directions;

namespace Capvec.Experiments.Screening;

/// <summary>
/// Reads finished traces again, teacher-forced, under every layer and strength, and tells what that does to the likelihood of solved and failed ones: which
/// points are worth trials, before any is run.
/// </summary>
/// <remarks>
/// One plain pass a trace keeps its distributions and its residual stream, so that a pass steered at block b computes the blocks above b only; and of what traces of a task have in
/// common at their beginnings, each point computes one only (<see cref="TraceGroup"/>).
/// </remarks>
public sealed class Screener
{
    // Groups in work at a time: while one runs its plain passes, those of another fill the engine's steps.
    private const int AtOnce = 2;

    private readonly InferenceEngine _engine;
    private readonly IReadOnlyList<ScreenTrace> _traces;
    private readonly DirectionSet _directions;
    private readonly IReadOnlyList<DirectionSet> _folds;
    private readonly ScreenPlan _plan;
    private readonly LoraAdapter? _adapter;
    private readonly List<int> _layers;
    private int _klTokens;

    /// <summary>A screen of one direction set on some traces.</summary>
    /// <param name="engine">Runs the model.</param>
    /// <param name="traces">Solved and failed traces, both.</param>
    /// <param name="directions">The set whose margins and norms give the strengths.</param>
    /// <param name="folds">The sets that steer, by <see cref="ScreenTrace.Fold"/>: each one not made from the traces of its fold; null where <paramref name="directions"/> was made from none of them.</param>
    /// <param name="plan">What is tried.</param>
    /// <param name="adapter">The adapter under test, or null.</param>
    /// <exception cref="CapvecException">One side has no trace, a strength is 0, or a layer or unit is missing from the directions.</exception>
    public Screener(InferenceEngine engine, IReadOnlyList<ScreenTrace> traces, DirectionSet directions, IReadOnlyList<DirectionSet>? folds, ScreenPlan plan, LoraAdapter? adapter = null)
    {
        (_engine, _traces, _directions, _plan, _adapter) = (engine, [.. traces.OrderBy(t => t.Task, StringComparer.Ordinal)], directions, plan, adapter);
        _folds = folds ?? [directions];
        var solved = traces.Count(t => t.IsSolved);
        if (solved == 0 || solved == traces.Count)
            throw new CapvecException($"the screen has {solved} solved and {traces.Count - solved} failed traces; it compares the two, so it needs some of both. Give more traces.");
        if (directions.Hidden != engine.Model.Hidden)
            throw new CapvecException($"the directions have {directions.Hidden} numbers, the model's residual stream {engine.Model.Hidden}; they are of another model.");
        if (plan.Strengths.Count == 0 || plan.Strengths.Any(s => s == 0 || !double.IsFinite(s)))
            throw new CapvecException("the screen's strengths hold 0 or none; give finite numbers other than 0.");
        _layers = [.. plan.Layers ?? [.. directions.Layers]];
        foreach (var layer in _layers)
        {
            if (layer >= engine.Model.Layers)
                throw new CapvecException($"the screen steers layer {layer}, but the model has blocks 0 to {engine.Model.Layers - 1}.");
            StrengthAlpha.Of(directions.At(layer), 1, plan.Unit);
        }

        // The plain pass, and one at each layer and strength.
        Points = [.. from layer in _layers from strength in plan.Strengths select new SteeredPoint(layer, strength, Alpha(layer, strength))];
    }

    /// <summary>Passes of the grid: traces times layers and strengths.</summary>
    public int Passes => _traces.Count * Points.Length;

    private ImmutableArray<SteeredPoint> Points { get; }

    /// <summary>Runs it.</summary>
    /// <param name="heldOut">How the directions are held out from the traces, in words.</param>
    /// <param name="done">Told how many passes of the grid are done, one call at a time; null for nobody.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task<ScreenResult> RunAsync(string heldOut, Action<int>? done = null, CancellationToken cancellation = default)
    {
        var measured = await MeasureAsync(Points, done, cancellation).ConfigureAwait(false);
        var summary = new ScreenSummary(_traces, _plan);
        var points = Points.Select((p, i) => summary.Of(p, measured[i])).ToList();
        var isoKl = _plan.TargetKl is { } target ? await CalibrateAsync(target, points, summary, cancellation).ConfigureAwait(false) : [];
        return new ScreenResult
        {
            ModelHash = _engine.Model.Hash,
            DirectionsHash = _directions.Hash,
            Unit = _plan.Unit.ToString().ToLowerInvariant(),
            KlBound = _plan.KlBound,
            TargetKl = _plan.TargetKl,
            Solved = _traces.Count(t => t.IsSolved),
            Failed = _traces.Count(t => !t.IsSolved),
            Tasks = _traces.Select(t => t.Task).Distinct().Count(),
            Tokens = _traces.Sum(t => t.OwnTokens),
            KlTokens = _klTokens,
            HeldOut = heldOut,
            Points = [.. points.OrderByDescending(p => p.Effect)],
            IsoKl = isoKl,
        };
    }

    private double Alpha(int layer, double strength) => StrengthAlpha.Of(_directions.At(layer), strength, _plan.Unit);

    /// <summary>[points][traces].</summary>
    private async Task<TraceChange[][]> MeasureAsync(IReadOnlyList<SteeredPoint> points, Action<int>? done, CancellationToken cancellation)
    {
        var changes = points.Select(_ => new TraceChange[_traces.Count]).ToArray();
        var layers = points.Select(p => p.Layer).Distinct().ToList();
        // The residual streams of the groups in work take half of the engine's cache at most; the rest is for states above them.
        var most = _engine.Options.CacheBytes / 2 / AtOnce / (sizeof(float) * (long)_engine.Model.Hidden * layers.Count);
        // Tasks of a fold are steered alike and begin alike: one after the other.
        var groups = _traces.Index().GroupBy(t => (t.Item.Fold, t.Item.Task)).OrderBy(g => g.Key.Fold).SelectMany(g => TraceGroup.Make(g, most)).ToList();
        var together = AtOnce * groups.Max(g => g.Members.Length);
        var rows = Math.Max(1, (int)Math.Min(int.MaxValue, _plan.ReferenceBytes / together / (sizeof(float) * (long)_engine.Model.Vocabulary)));
        var gate = new Lock();
        var (finished, klTokens) = (0, 0);
        await Parallel.ForEachAsync(groups, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellation }, async (group, token) =>
        {
            var fold = _folds[group.Members[0].Trace.Fold];
            var passes = await GroupPasses.StartAsync(_engine, _adapter, group, layers, rows, token).ConfigureAwait(false);
            await Task.WhenAll(points.Select(async (point, p) =>
            {
                var steering = SteeringPlan.Add(point.Layer, fold.At(point.Layer).Unit, (float)point.Alpha);
                var steered = await passes.SteerAsync(point.Layer, steering, token).ConfigureAwait(false);
                foreach (var (member, change) in group.Members.Zip(steered))
                    changes[p][member.Index] = change;
                lock (gate)
                    done?.Invoke(finished += steered.Count);
            })).ConfigureAwait(false);
            lock (gate)
                klTokens += passes.KlTokens;
        }).ConfigureAwait(false);
        _klTokens = klTokens;
        return changes;
    }

    // A guess by interpolation is a guess: each is measured, and the measured point makes the next guess better.
    private async Task<List<ScreenPoint>> CalibrateAsync(double target, List<ScreenPoint> grid, ScreenSummary summary, CancellationToken cancellation)
    {
        var curves = _layers.Select(layer => new IsoKlCurve(target, grid.Where(p => p.Layer == layer && p.Strength > 0))).ToList();
        for (var round = 0; round < IsoKlCurve.Rounds; round++)
        {
            var open = curves.Where(c => c.Guess is not null).ToList();
            if (open.Count == 0)
                break;
            var points = open.Select(c => new SteeredPoint(c.Layer, c.Guess!.Value, Alpha(c.Layer, c.Guess.Value))).ToList();
            var measured = await MeasureAsync(points, null, cancellation).ConfigureAwait(false);
            for (var i = 0; i < open.Count; i++)
                open[i].Add(summary.Of(points[i], measured[i]));
        }

        return [.. curves.Select(c => c.Reached).OfType<ScreenPoint>().OrderByDescending(p => p.Effect)];
    }
}
