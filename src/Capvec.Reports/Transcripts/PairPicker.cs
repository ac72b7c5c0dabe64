using Capvec.Reports.Figures;

namespace Capvec.Reports.Transcripts;

/// <summary>
/// Chooses the examples by a rule that does not look at what they say: pairs with different outcomes, by task and attempt, two that
/// only the steered arm passed and one that only base passed; where one kind is missing the other fills up; different tasks first.
/// </summary>
internal static class PairPicker
{
    /// <summary>At most <paramref name="count"/> pairs.</summary>
    public static IReadOnlyList<TrialPair> Pick(IReadOnlyList<TrialPair> pairs, int count = 3)
    {
        var gained = Spread(pairs.Where(p => p.Counts && !p.Left.Passed && p.Right.Passed));
        var lost = Spread(pairs.Where(p => p.Counts && p.Left.Passed && !p.Right.Passed));
        var fromLost = Math.Min(lost.Count, Math.Max(count / 3, count - gained.Count));
        var shown = gained.Take(count - fromLost).ToList();
        var seen = shown.Select(p => p.Left.Task).ToHashSet(StringComparer.Ordinal);
        return [.. shown, .. lost.OrderBy(p => seen.Contains(p.Left.Task)).Take(fromLost)];
    }

    private static List<TrialPair> Spread(IEnumerable<TrialPair> pairs) =>
        [.. pairs.GroupBy(p => p.Left.Task).SelectMany(g => g.Select((pair, i) => (pair, i))).OrderBy(x => x.i).Select(x => x.pair)];
}
