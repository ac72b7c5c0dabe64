using Capvec.Engine.Sampling;

namespace Capvec.Steering.Validation;

/// <summary>
/// How far the held-out AUC could be another with other tasks: tasks are drawn with replacement, each with all its traces and their held-out scores, and the AUC is
/// taken of each draw; the interval holds the middle 95% of the draws. Directions are not fitted again, so it says how much the tasks at hand
/// decide the figure, and is too narrow where few traces make the direction.
/// </summary>
internal static class AucBootstrap
{
    /// <summary>Draws of the interval.</summary>
    public const int Draws = 1000;

    /// <summary>The interval; null where fewer than two tasks or draws with both classes are to be had.</summary>
    /// <param name="scores">[traces] held out.</param>
    /// <param name="labels">[traces] true for positives.</param>
    /// <param name="groups">[traces] tasks.</param>
    /// <param name="seed">Seed of the draws.</param>
    public static (double Low, double High)? Interval(double[] scores, bool[] labels, IReadOnlyList<string> groups, ulong seed)
    {
        var tasks = Enumerable.Range(0, labels.Length).GroupBy(i => groups[i], StringComparer.Ordinal).Select(g => g.ToArray()).ToArray();
        if (tasks.Length < 2)
            return null;
        var figures = new List<double>(Draws);
        var members = new List<int>(labels.Length);
        for (var draw = 0; draw < Draws; draw++)
        {
            members.Clear();
            for (var t = 0; t < tasks.Length; t++)
                members.AddRange(tasks[(int)(SeededDraws.Uniform(seed, ((ulong)draw * (ulong)tasks.Length) + (ulong)t) * tasks.Length)]);
            var drawn = members.Select(i => labels[i]).ToArray();
            if (drawn.Distinct().Count() == 2)
                figures.Add(Auc.Of([.. members.Select(i => scores[i])], drawn));
        }

        if (figures.Count < Draws / 2)
            return null;
        figures.Sort();
        return (figures[(int)(0.025 * (figures.Count - 1))], figures[(int)Math.Ceiling(0.975 * (figures.Count - 1))]);
    }
}
