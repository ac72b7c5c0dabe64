using System.Collections.Immutable;

namespace Capvec.Steering.Validation;

/// <summary>Which traces are left out together. A direction is fitted once a fold, on all traces outside it.</summary>
public sealed class Folds
{
    private Folds(int count, ImmutableArray<int> of) => (Count, Of) = (count, of);

    /// <summary>Number of folds.</summary>
    public int Count { get; }

    /// <summary>[traces] the fold of each trace.</summary>
    public ImmutableArray<int> Of { get; }

    /// <summary>Every trace a fold of its own.</summary>
    public static Folds LeaveOneOut(int traces) => new(traces, [.. Enumerable.Range(0, traces)]);

    /// <summary>Each class is dealt over the folds in turn, so that every fold has the classes' shares.</summary>
    /// <param name="labels">[traces] true for positives.</param>
    /// <param name="folds">How many folds at most.</param>
    public static Folds Dealt(ReadOnlySpan<bool> labels, int folds)
    {
        var of = new int[labels.Length];
        int positives = 0, negatives = 0;
        var count = Math.Min(folds, labels.Length);
        for (var i = 0; i < of.Length; i++)
            of[i] = (labels[i] ? positives++ : negatives++) % count;
        return new Folds(count, [.. of]);
    }

    /// <summary>
    /// Whole groups (tasks) are left out together: the groups, largest first and then by name, each go to the fold that has the fewest traces so
    /// far. Deterministic. With as many folds as groups this is leave-one-group-out.
    /// </summary>
    /// <param name="groups">[traces] the group of each trace.</param>
    /// <param name="folds">How many folds at most.</param>
    public static Folds ByGroup(IReadOnlyList<string> groups, int folds = 10)
    {
        var sizes = groups.GroupBy(g => g, StringComparer.Ordinal).Select(g => (Name: g.Key, Size: g.Count())).OrderByDescending(g => g.Size).ThenBy(g => g.Name, StringComparer.Ordinal).ToList();
        var filled = new int[Math.Max(1, Math.Min(folds, sizes.Count))];
        var of = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var (name, size) in sizes)
        {
            var fold = Array.IndexOf(filled, filled.Min());
            of[name] = fold;
            filled[fold] += size;
        }

        return new Folds(filled.Length, [.. groups.Select(g => of[g])]);
    }
}
