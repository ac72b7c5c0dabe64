using System.Collections.Immutable;

namespace Capvec.Experiments.Screening;

/// <summary>
/// Traces of one task. Attempts at a task begin alike, with its instruction at least; ordered by their tokens, each has with the one before it the longest
/// beginning that it has with any before it, so what it shares is read in their passes and not again in its own.
/// </summary>
internal sealed class TraceGroup
{
    private TraceGroup(ImmutableArray<TraceMember> members) => Members = members;

    /// <summary>The traces in order.</summary>
    public ImmutableArray<TraceMember> Members { get; }

    /// <summary>Orders traces and divides them into groups.</summary>
    /// <param name="traces">Those of one task, each with its place among all.</param>
    /// <param name="most">Most positions of a group, those shared in it counted once: the residual streams of all of them are kept at the same time. One trace is always taken.</param>
    public static IReadOnlyList<TraceGroup> Make(IEnumerable<(int Index, ScreenTrace Trace)> traces, long most)
    {
        var groups = new List<TraceGroup>();
        var members = new List<TraceMember>();
        var positions = 0L;
        foreach (var (index, trace) in traces.OrderBy(t => t.Trace, Comparer<ScreenTrace>.Create(Compare)))
        {
            var shared = members.Count == 0 ? 0 : Common(members[^1].Trace, trace);
            if (members.Count > 0 && positions + trace.Ids.Length - shared > most)
            {
                groups.Add(new([.. members]));
                members.Clear();
                (positions, shared) = (0, 0);
            }

            members.Add(new TraceMember(index, trace, shared));
            positions += trace.Ids.Length - shared;
        }

        if (members.Count > 0)
            groups.Add(new([.. members]));
        return groups;
    }

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
