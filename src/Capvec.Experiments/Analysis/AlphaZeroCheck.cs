using Capvec.Experiments.Results;

namespace Capvec.Experiments.Analysis;

/// <summary>Whether steering with strength 0 gave base's trials, token for token: the check of the instrument itself.</summary>
/// <param name="Compared">Pairs of trials with the same task, attempt and seed. Left out are trials without a reward and those in which a time limit struck, since how far a trial gets in a given time is no matter of tokens.</param>
/// <param name="Different">Pairs whose tokens or reward differ.</param>
public sealed record AlphaZeroCheck(int Compared, int Different)
{
    /// <summary>Compares the trials of an arm with those of base.</summary>
    public static AlphaZeroCheck Of(IEnumerable<TrialRow> arm, IEnumerable<TrialRow> @base)
    {
        var references = @base.Where(Usable).ToDictionary(t => (t.Task, t.Attempt, t.Seed));
        int compared = 0, different = 0;
        foreach (var trial in arm.Where(Usable))
        {
            if (!references.TryGetValue((trial.Task, trial.Attempt, trial.Seed), out var reference))
                continue;
            compared++;
            if (trial.TokensHash != reference.TokensHash || trial.Reward != reference.Reward)
                different++;
        }

        return new(compared, different);
    }

    private static bool Usable(TrialRow trial) => trial.Reward is not null && trial.Marks.Timeout == 0;
}
