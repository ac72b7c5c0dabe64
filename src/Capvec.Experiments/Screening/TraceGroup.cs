using System.Collections.Immutable;

namespace Capvec.Experiments.Screening;

/// <summary>
/// The traces of one task. Attempts at a task begin alike, with its instruction at least; ordered by their tokens, each has with the one before it the longest
/// beginning that it has with any before it, so what it shares is read in their passes and not again in its own.
/// </summary>
internal sealed class TraceGroup
{
    /// <summary>Orders traces.</summary>
    /// <param name="traces">Those of one task, each with its place among all.</param>
    public TraceGroup(IEnumerable<(int Index, ScreenTrace Trace)> traces)
    {
        var ordered = traces.OrderBy(t => t.Trace, Comparer<ScreenTrace>.Create(Compare)).ToList();
        Members = [.. ordered.Select((t, i) => new TraceMember(t.Index, t.Trace, i == 0 ? 0 : Common(ordered[i - 1].Trace, t.Trace)))];
    }

    /// <summary>The traces in order.</summary>
    public ImmutableArray<TraceMember> Members { get; }

    private static int Compare(ScreenTrace a, ScreenTrace b)
    {
        var common = Common(a, b);
        if (common == a.Ids.Length || common == b.Ids.Length)
            return a.Ids.Length.CompareTo(b.Ids.Length);
        return (a.Ids[common], a.Own[common]).CompareTo((b.Ids[common], b.Own[common]));
    }

    private static int Common(ScreenTrace a, ScreenTrace b) =>
        Math.Min(a.Ids.AsSpan().CommonPrefixLength(b.Ids.AsSpan()), a.Own.AsSpan().CommonPrefixLength(b.Own.AsSpan()));
}
