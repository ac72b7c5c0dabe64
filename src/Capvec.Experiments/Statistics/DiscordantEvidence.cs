using MathNet.Numerics;

namespace Capvec.Experiments.Statistics;

/// <summary>
/// An e-value of paired outcomes: may be looked at after every pair, and the study stopped at any time (Ville's inequality: under the
/// null it ever reaches 1/a with probability at most a).
/// </summary>
public static class DiscordantEvidence
{
    /// <summary>
    /// <c>E = 2^(w+l) B(w+1, l+1)</c>: the chance of the observed order of discordant pairs when each falls to the arm with a probability drawn from
    /// Beta(1,1), over the chance when it is 1/2.
    /// </summary>
    /// <param name="gained">w, pairs that only the arm passed.</param>
    /// <param name="lost">l, pairs that only base passed.</param>
    public static double EValue(int gained, int lost) =>
        Math.Exp(((gained + lost) * Math.Log(2)) + SpecialFunctions.BetaLn(gained + 1, lost + 1));
}
