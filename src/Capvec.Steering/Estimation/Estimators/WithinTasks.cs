using Capvec.Formats.Errors;

namespace Capvec.Steering.Estimation.Estimators;

/// <summary>
/// The difference of class means within each task, averaged over the tasks that have both classes: what a task is, is the same on both sides and cancels.
/// A task weighs <c>p q / (p + q)</c> (p positives, q negatives), the inverse variance of its difference where all traces vary alike; with prompt pairs, each a
/// "task" of one against one, this is the plain mean of the pairs' differences.
/// </summary>
internal sealed class WithinTasks : IDirectionEstimator
{
    /// <inheritdoc/>
    public string Name => "within-tasks";

    /// <inheritdoc/>
    public double[] Weights(TrainingRows rows)
    {
        var weights = new double[rows.Count + 1];
        var total = 0.0;
        foreach (var task in Enumerable.Range(0, rows.Count).GroupBy(i => rows.Groups[i], StringComparer.Ordinal))
        {
            double p = task.Count(i => rows.Labels[i]), q = task.Count() - p;
            if (p == 0 || q == 0)
                continue;
            total += p * q / (p + q);
            foreach (var i in task)
                weights[i] = rows.Labels[i] ? q / (p + q) : -p / (p + q);
        }

        return total > 0
            ? [.. weights.Select(w => w / total)]
            : throw new CapvecException("no task has both positives and negatives, so there is no difference within a task; collect more attempts a task, or use --estimator mean-difference.");
    }
}
