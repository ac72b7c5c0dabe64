namespace Capvec.Steering.Estimation.Estimators;

/// <summary>
/// The difference of class means in which every task weighs the same: each class mean is the mean of its tasks' means. A task with many traces in a class
/// no longer makes that class look like the task; a task with one class alone still enters.
/// </summary>
internal sealed class TaskBalanced : IDirectionEstimator
{
    /// <inheritdoc/>
    public string Name => "task-balanced";

    /// <inheritdoc/>
    public double[] Weights(TrainingRows rows)
    {
        var weights = rows.MeanDifferenceWeights(); // refuses an empty class
        foreach (var side in Enumerable.Range(0, rows.Count).GroupBy(i => rows.Labels[i]))
        {
            var tasks = side.GroupBy(i => rows.Groups[i], StringComparer.Ordinal).ToList();
            foreach (var task in tasks)
            {
                foreach (var i in task)
                    weights[i] = (side.Key ? 1.0 : -1.0) / (tasks.Count * task.Count());
            }
        }

        return weights;
    }
}
