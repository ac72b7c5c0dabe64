using Capvec.Experiments.Results;
using Capvec.Experiments.Running;
using Capvec.Experiments.Studies;
using Capvec.Formats.Errors;
using Capvec.Numerics.Randomness;

namespace Capvec.Experiments.Screening;

/// <summary>Chooses a study's traces for its screen.</summary>
internal static class ScreenTraces
{
    /// <summary>
    /// The plain model's own collected trials, half solved and half failed, from tasks that have both (so that task and outcome do not go together), spread evenly over
    /// tasks.
    /// </summary>
    /// <exception cref="CapvecException">No task has both outcomes.</exception>
    public static IReadOnlyList<TrialRow> Choose(IEnumerable<TrialRow> trials, int most, ulong seed)
    {
        var mixed = trials.Where(t => t is { Stage: Stages.Collect, Arm: StudyReader.Base, Reward: not null, Tokens: > 0 })
            .GroupBy(t => t.Task, StringComparer.Ordinal).Where(g => g.Any(t => t.Passed) && g.Any(t => !t.Passed)).OrderBy(g => g.Key, StringComparer.Ordinal).ToList();
        if (mixed.Count == 0)
            throw new CapvecException("the screen has nothing to read: no task was both solved and failed by base among the collected trials. Collect base with more attempts, or leave the screen out, in a new study.");
        var random = new SplitMix64(seed);
        return [.. Side(true), .. Side(false)];

        IEnumerable<TrialRow> Side(bool passed)
        {
            var drawn = mixed.SelectMany(g =>
            {
                var rows = g.Where(t => t.Passed == passed).OrderBy(t => t.Attempt).ToList();
                random.Shuffle(rows);
                return rows.Index();
            }).ToList();
            random.Shuffle(drawn);
            return drawn.OrderBy(d => d.Index).Take(most / 2).Select(d => d.Item);
        }
    }
}
