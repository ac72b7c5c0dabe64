using Capvec.Formats.Errors;

namespace Capvec.Steering.Validation;

/// <summary>The area under the ROC curve: the share of pairs of a positive and a negative in which the positive has the higher score, ties counted half. Exact, by ranks.</summary>
public static class Auc
{
    /// <summary>The AUC of scores.</summary>
    /// <param name="scores">One score each; NaN is not allowed.</param>
    /// <param name="labels">True for positives.</param>
    /// <exception cref="CapvecException">A class is empty, or a score is NaN.</exception>
    public static double Of(ReadOnlySpan<double> scores, ReadOnlySpan<bool> labels)
    {
        var positives = labels.Count(true);
        if (positives == 0 || positives == labels.Length)
            throw new CapvecException($"an AUC needs positives and negatives; there are {positives} and {labels.Length - positives}.");
        foreach (var score in scores)
        {
            if (double.IsNaN(score))
                throw new CapvecException("an AUC needs numbers as scores; one is NaN.");
        }

        return OfDoubledWins(DoubledWins(scores.ToArray(), labels.ToArray()), positives, labels.Length - positives);
    }

    /// <summary>The AUC that a count of <see cref="DoubledWins"/> stands for.</summary>
    internal static double OfDoubledWins(long wins, int positives, int negatives) => wins / (2.0 * positives * negatives);

    /// <summary>Twice the number of pairs that a positive wins, plus the number of ties: a whole number, so that figures can be compared exactly. Sorts both arguments.</summary>
    internal static long DoubledWins(double[] scores, bool[] labels)
    {
        Array.Sort(scores, labels);
        long wins = 0, negativesBelow = 0;
        for (var start = 0; start < scores.Length;)
        {
            long positives = 0, negatives = 0;
            var end = start;
            for (; end < scores.Length && scores[end] == scores[start]; end++)
            {
                if (labels[end])
                    positives++;
                else
                    negatives++;
            }

            wins += positives * ((2 * negativesBelow) + negatives);
            negativesBelow += negatives;
            start = end;
        }

        return wins;
    }
}
