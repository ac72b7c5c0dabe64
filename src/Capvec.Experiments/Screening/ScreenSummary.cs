using Capvec.Experiments.Randomness;
using Capvec.Experiments.Statistics;

namespace Capvec.Experiments.Screening;

/// <summary>Puts the changes of all traces at one point together.</summary>
internal sealed class ScreenSummary(IReadOnlyList<ScreenTrace> traces, ScreenPlan plan)
{
    /// <summary>The figures of a point from each trace's.</summary>
    public ScreenPoint Of(SteeredPoint point, IReadOnlyList<TraceChange> changes)
    {
        var values = traces.Select((trace, i) => (trace.Task, trace.IsSolved, changes[i].LogProb)).ToList();
        var solved = values.Where(v => v.IsSolved).Average(v => v.LogProb);
        var failed = values.Where(v => !v.IsSolved).Average(v => v.LogProb);
        // The same draws at every point, so that points differ by what was measured and not by the draw.
        var interval = ClusterBootstrap.Difference(values, Seeds.Derive(plan.Seed, "screen"), plan.Draws);
        var kl = changes.Average(c => c.Kl);
        return new ScreenPoint
        {
            Layer = point.Layer,
            Strength = point.Strength,
            Alpha = point.Alpha,
            Solved = solved,
            Failed = failed,
            Effect = solved - failed,
            EffectInterval = interval,
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
