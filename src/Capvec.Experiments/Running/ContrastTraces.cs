using Capvec.Experiments.Results;
using Capvec.Experiments.Studies;
using Capvec.Formats.Errors;

namespace Capvec.Experiments.Running;

/// <summary>Finds the traces of a contrast among collected trials.</summary>
internal static class ContrastTraces
{
    /// <summary>The trials on either side, by arm, task and attempt.</summary>
    /// <exception cref="CapvecException">A side has fewer than two trials.</exception>
    public static IReadOnlyList<(TrialRow Trial, bool IsPositive)> Find(ContrastPlan plan, IEnumerable<TrialRow> collected)
    {
        var chosen = new List<(TrialRow Trial, bool IsPositive)>();
        foreach (var trial in collected.Where(t => t is { Stage: Stages.Collect, Reward: not null, Tokens: > 0 }).OrderBy(t => t.Arm, StringComparer.Ordinal).ThenBy(t => t.Task, StringComparer.Ordinal).ThenBy(t => t.Attempt))
        {
            var positive = plan.Positives.Any(side => side.Holds(trial.Arm, trial.Task, trial.Passed));
            var negative = plan.Negatives.Any(side => side.Holds(trial.Arm, trial.Task, trial.Passed));
            if (positive && negative)
                throw new CapvecException($"the contrast ({plan}) has the trial of {trial.Arm} at {trial.Task} on both sides; choose outcomes and tasks that exclude each other, in a new study.");
            if (positive || negative)
                chosen.Add((trial, positive));
        }

        if (plan.MixedTasksOnly)
        {
            var mixed = chosen.GroupBy(c => TaskGroups.ShortName(c.Trial.Task)).Where(g => g.Any(c => c.IsPositive) && g.Any(c => !c.IsPositive)).Select(g => g.Key).ToHashSet();
            chosen = [.. chosen.Where(c => mixed.Contains(TaskGroups.ShortName(c.Trial.Task)))];
        }

        var positives = chosen.Count(c => c.IsPositive);
        if (positives < 2 || chosen.Count - positives < 2)
            throw new CapvecException($"the contrast ({plan}) has {positives} positive and {chosen.Count - positives} negative traces; a direction and its held-out AUC need at least two of each. Collect more attempts or choose another contrast, in a new study.");
        return chosen;
    }
}
