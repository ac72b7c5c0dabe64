using Capvec.Experiments.Randomness;
using Capvec.Experiments.Statistics;

namespace Capvec.Experiments.Screening;

/// <summary>Puts the changes of all traces at one point together.</summary>
internal sealed class ScreenSummary(IReadOnlyList<ScreenTrace> traces, ScreenPlan plan)
{
    private const double LargestSpread = 600;

    /// <summary>The figures of a point from each trace's.</summary>
    public ScreenPoint Of(SteeredPoint point, IReadOnlyList<TraceChange> changes)
    {
        var values = traces.Select((trace, i) => (trace.Task, trace.IsSolved, changes[i].LogProb)).ToList();
        // Probability under steering against plain, of the trace as a whole; scaled so that the largest is 1, and none is so small that a draw's sum could be 0.
        var logs = traces.Select((trace, i) => changes[i].LogProb * trace.OwnTokens).ToList();
        var largest = logs.Max();
        var weights = traces.Select((trace, i) => (trace.Task, trace.IsSolved, Weight: Math.Exp(Math.Max(logs[i] - largest, -LargestSpread)))).ToList();
        // The same draws at every point, so that points differ by what was measured and not by the draw.
        var seed = Seeds.Derive(plan.Seed, "screen");
        var interval = ClusterBootstrap.Interval(weights, s => s.ShareChange, seed, plan.Draws);
        var kl = changes.Average(c => c.Kl);
        return new ScreenPoint
        {
            Layer = point.Layer,
            Strength = point.Strength,
            Alpha = point.Alpha,
            Effect = SideSums.Of(weights.Select(w => (w.IsSolved, w.Weight))).ShareChange,
            EffectInterval = interval,
            EffectiveTraces = Math.Pow(weights.Sum(w => w.Weight), 2) / weights.Sum(w => w.Weight * w.Weight),
            Solved = values.Where(v => v.IsSolved).Average(v => v.LogProb),
            Failed = values.Where(v => !v.IsSolved).Average(v => v.LogProb),
            DifferenceInterval = ClusterBootstrap.Interval(values, s => s.Difference, seed, plan.Draws),
            Kl = kl,
            EntropyChange = changes.Average(c => c.Entropy),
            NormGrowth = changes.Average(c => c.Growth),
            Openings = Openings(changes),
            InWindow = interval.Lower > 0 && kl <= plan.KlBound,
        };
    }

    private SortedDictionary<string, OpeningChange> Openings(IReadOnlyList<TraceChange> changes)
    {
        var marked = from t in Enumerable.Range(0, traces.Count)
                     where !traces[t].IsSolved
                     from reply in traces[t].Replies.Index()
                     from mark in reply.Item.Marks
                     select (mark, change: changes[t].Openings[reply.Index]);
        return new(marked.GroupBy(m => m.mark).ToDictionary(g => g.Key, g => new OpeningChange(g.Average(m => m.change), g.Count())), StringComparer.Ordinal);
    }
}
