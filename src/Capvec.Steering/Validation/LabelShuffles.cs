using System.Collections.Immutable;
using System.Numerics;
using Capvec.Engine.Sampling;

namespace Capvec.Steering.Validation;

/// <summary>
/// The relabellings of a permutation test: all of them where they are few, else a seeded sample. Labels move only within strata, and each stratum
/// keeps its number of positives.
/// </summary>
public sealed class LabelShuffles
{
    /// <summary>Up to this many relabellings are listed completely.</summary>
    public const int ExactLimit = 10_000;

    private LabelShuffles(bool[][] labels, bool isExact) => (Labels, IsExact) = (labels, isExact);

    /// <summary>The relabellings, [shuffles][traces]. When exact, the observed labels are one of them.</summary>
    public IReadOnlyList<bool[]> Labels { get; }

    /// <summary>Whether these are all that there are.</summary>
    public bool IsExact { get; }

    /// <summary>Makes the relabellings.</summary>
    /// <param name="labels">The observed labels.</param>
    /// <param name="strata">[traces] labels move among traces of equal stratum; null for one stratum.</param>
    /// <param name="sample">How many to draw where there are too many to list.</param>
    /// <param name="seed">Seed of the draws.</param>
    public static LabelShuffles Make(IReadOnlyList<bool> labels, IReadOnlyList<string>? strata, int sample, ulong seed)
    {
        var groups = Enumerable.Range(0, labels.Count).GroupBy(i => strata?[i] ?? "", StringComparer.Ordinal).Select(g => g.ToArray()).ToList();
        var count = groups.Aggregate(BigInteger.One, (product, g) => product * Combinations(g.Length, g.Count(i => labels[i])));
        return count <= ExactLimit ? new LabelShuffles(List(labels, groups, (int)count), true) : new LabelShuffles(Sample(labels, groups, sample, seed), false);
    }

    private static BigInteger Combinations(int n, int k)
    {
        var result = BigInteger.One;
        for (var i = 1; i <= Math.Min(k, n - k); i++)
            result = result * (n - i + 1) / i;
        return result;
    }

    private static bool[][] Sample(IReadOnlyList<bool> labels, List<int[]> groups, int sample, ulong seed)
    {
        var shuffles = new bool[sample][];
        ulong draw = 0;
        for (var s = 0; s < sample; s++)
        {
            var shuffled = labels.ToArray();
            foreach (var group in groups)
            {
                for (var i = group.Length - 1; i > 0; i--)
                {
                    var j = (int)(SeededDraws.Uniform(seed, draw++) * (i + 1));
                    (shuffled[group[i]], shuffled[group[j]]) = (shuffled[group[j]], shuffled[group[i]]);
                }
            }

            shuffles[s] = shuffled;
        }

        return shuffles;
    }

    private static bool[][] List(IReadOnlyList<bool> labels, List<int[]> groups, int count)
    {
        var shuffles = new List<bool[]>(count) { new bool[labels.Count] };
        foreach (var group in groups)
        {
            var subsets = Subsets(group, group.Count(i => labels[i])).ToList();
            shuffles = [.. shuffles.SelectMany(done => subsets.Select(subset =>
            {
                var next = (bool[])done.Clone();
                foreach (var i in subset)
                    next[i] = true;
                return next;
            }))];
        }

        return [.. shuffles];
    }

    private static IEnumerable<ImmutableList<int>> Subsets(int[] items, int size, int start = 0)
    {
        if (size == 0)
            return [[]];
        return Enumerable.Range(start, Math.Max(0, items.Length - start - size + 1)).SelectMany(i => Subsets(items, size - 1, i + 1).Select(rest => rest.Insert(0, items[i])));
    }
}
