namespace Capvec.Reports.Figures;

/// <summary>How the outcomes of paired trials fall together.</summary>
/// <param name="Both">Pairs that both arms passed.</param>
/// <param name="OnlyLeft">Pairs that only the first arm passed.</param>
/// <param name="OnlyRight">Pairs that only the second arm passed.</param>
/// <param name="Neither">Pairs that neither passed.</param>
/// <param name="WithoutReward">Pairs in which a reward is missing; they count nowhere else.</param>
internal sealed record PairCounts(int Both, int OnlyLeft, int OnlyRight, int Neither, int WithoutReward)
{
    /// <summary>Counts pairs.</summary>
    public static PairCounts Of(IReadOnlyCollection<TrialPair> pairs)
    {
        int Count(bool left, bool right) => pairs.Count(p => p.Counts && p.Left.Passed == left && p.Right.Passed == right);
        return new(Count(true, true), Count(true, false), Count(false, true), Count(false, false), pairs.Count(p => !p.Counts));
    }

    /// <summary>Pairs that count.</summary>
    public int Total => Both + OnlyLeft + OnlyRight + Neither;
}
