using System.Collections.Immutable;
using Capvec.Steering.Activations;

namespace Capvec.Steering.Audit;

/// <summary>One thing that is known of every trace, and by which traces can be told apart: a name (the arm, the task) or a number (turns).</summary>
public sealed class TraceFact
{
    private const int Bins = 4;

    private readonly double[]? _numbers;

    private TraceFact(string name, ImmutableArray<int> levels, double[]? numbers) => (Name, Levels, _numbers) = (name, levels, numbers);

    /// <summary>What it is.</summary>
    public string Name { get; }

    /// <summary>[traces] the level of each trace, from 0; numbers are cut into quarters, equal numbers staying together.</summary>
    public ImmutableArray<int> Levels { get; }

    /// <summary>How many levels there are.</summary>
    public int Count => Levels.Distinct().Count();

    /// <summary>A fact that names.</summary>
    public static TraceFact OfNames(string name, IReadOnlyList<string> values)
    {
        var order = values.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        return new TraceFact(name, [.. values.Select(value => order.IndexOf(value))], null);
    }

    /// <summary>A fact that counts.</summary>
    public static TraceFact OfNumbers(string name, IReadOnlyList<double> values)
    {
        var sorted = values.Order().ToList();
        return new TraceFact(name, [.. values.Select(value => Bins * sorted.IndexOf(value) / values.Count)], [.. values]);
    }

    /// <summary>The facts of a set that differ between its traces and are known of all: arm, task, and every measure.</summary>
    public static IReadOnlyList<TraceFact> Of(ActivationSet set)
    {
        var facts = new List<TraceFact>();
        if (set.Traces.All(trace => trace.Arm is not null))
            facts.Add(OfNames("arm", [.. set.Traces.Select(trace => trace.Arm!)]));
        facts.Add(OfNames("task", [.. set.Traces.Select(trace => trace.Group)]));
        foreach (var name in set.Traces[0].Measures.Keys.Where(name => set.Traces.All(trace => trace.Measures.ContainsKey(name))))
            facts.Add(OfNumbers(name, [.. set.Traces.Select(trace => trace.Measures[name])]));
        return [.. facts.Where(fact => fact.Count > 1)];
    }

    /// <summary>
    /// How well scores tell this fact, from 0.5 to 1. Of numbers: the share of pairs with different numbers in which the higher number has the higher
    /// score, ties counted half (Harrell's concordance), or 1 minus it where that is more. Of names: the highest of the same figure for one level
    /// against all others; with many small levels some are told apart by chance.
    /// </summary>
    /// <param name="scores">[traces].</param>
    public double Separation(ReadOnlySpan<double> scores)
    {
        if (_numbers is not null)
            return Folded(scores, _numbers);
        var highest = 0.5;
        foreach (var level in Levels.Distinct())
            highest = Math.Max(highest, Folded(scores, [.. Levels.Select(l => l == level ? 1.0 : 0)]));
        return highest;
    }

    private static double Folded(ReadOnlySpan<double> scores, double[] values)
    {
        double pairs = 0, wins = 0;
        for (var i = 0; i < values.Length; i++)
        {
            for (var j = 0; j < values.Length; j++)
            {
                if (values[i] <= values[j])
                    continue;
                pairs++;
                wins += (1 + Math.Sign(scores[i] - scores[j])) / 2.0;
            }
        }

        return Math.Max(wins, pairs - wins) / pairs;
    }
}
