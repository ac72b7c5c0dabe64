namespace Capvec.Experiments.Statistics;

/// <summary>Checks of counts that the callers in this library compute themselves; a violation is a defect, not bad input.</summary>
internal static class Counts
{
    public static void Check(int passed, int trials)
    {
        if (passed < 0 || passed > trials)
            throw new ArgumentOutOfRangeException(nameof(passed), $"{passed} passed of {trials} trials");
    }
}
