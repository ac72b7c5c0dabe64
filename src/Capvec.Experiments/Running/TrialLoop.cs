using System.Globalization;
using Capvec.Agents.Traces;
using Capvec.Agents.Trials;
using Capvec.Experiments.Storage;
using Capvec.Experiments.Studies;
using Capvec.Formats.Errors;

namespace Capvec.Experiments.Running;

/// <summary>Runs a stage's trials, many at once, and records each as it ends: first its trace, then its row.</summary>
internal sealed class TrialLoop(AgentRunner runner, StudyStore store, StudyFolder folder, SamplingChoice sampling, IRunProgress progress)
{
    /// <summary>So many first trials without a single reward are no bad luck.</summary>
    private const int HopelessAfter = 20;

    private readonly Lock _gate = new();
    private int _done;
    private int _passed;
    private int _nulls;
    private int _rewarded;

    /// <summary>Runs those of the planned trials that are not finished yet.</summary>
    /// <param name="step">The step it is part of.</param>
    /// <param name="title">What progress calls it.</param>
    /// <param name="stage">Whose trials these are.</param>
    /// <param name="planned">All trials of the stage, in their order.</param>
    /// <param name="concurrency">Trials at the same time.</param>
    /// <param name="cancellation">Ends it; what is finished stays, what is under way is dropped.</param>
    public async Task RunAsync(RunStep step, string title, string stage, IReadOnlyList<PlannedTrial> planned, int concurrency, CancellationToken cancellation)
    {
        store.Keep(stage, planned.Select(t => t.Key).ToHashSet());
        var finished = store.Inputs(stage);
        var open = planned.Where(t => finished.GetValueOrDefault(t.Key) != t.Inputs).ToList();
        (_done, _passed, _nulls, _rewarded) = (planned.Count - open.Count, 0, 0, 0);
        progress.Started(step, title, planned.Count, _done, "trials");
        var options = new ParallelOptions { MaxDegreeOfParallelism = concurrency, CancellationToken = cancellation };
        await Parallel.ForEachAsync(open, options, async (trial, token) => Record(trial, await RunOneAsync(trial, token).ConfigureAwait(false))).ConfigureAwait(false);
        progress.Finished(Summary(stage, open.Count));
    }

    private Task<TrialResult> RunOneAsync(PlannedTrial trial, CancellationToken cancellation) => runner.RunAsync(
        new TrialRequest
        {
            Task = trial.Task,
            Arm = trial.Arm.Name,
            Attempt = trial.Key.Attempt,
            Seed = trial.Seed,
            Adapter = trial.Arm.Adapter,
            Steering = trial.Arm.Steering,
            Sampling = sampling.Options,
            MaxTurns = sampling.MaxTurns,
            MaxReplyTokens = sampling.MaxReplyTokens,
        },
        cancellation);

    private void Record(PlannedTrial trial, TrialResult result)
    {
        var path = TraceWriter.Write(Path.Combine(folder.Traces, trial.Key.Stage), result.Trace);
        var row = TraceRow.Of(trial.Key.Stage, result.Trace, Path.GetRelativePath(folder.Root, path).Replace('\\', '/'));
        store.Add(row, trial.Inputs);
        lock (_gate)
        {
            _done++;
            _rewarded += result.Reward is null ? 0 : 1;
            _nulls += result.Reward is null ? 1 : 0;
            _passed += row.Passed ? 1 : 0;
            if (_rewarded == 0 && _nulls >= HopelessAfter)
                throw new CapvecException($"the first {_nulls} trials of stage {trial.Key.Stage} all failed outside the model, the last because {result.Failure}. Mend that, then run again with --retry-nulls.");
            progress.Advanced(_done, string.Create(CultureInfo.InvariantCulture, $"{_passed} passed{(_nulls > 0 ? $", {_nulls} without a reward" : "")}"));
        }
    }

    private string Summary(string stage, int ran)
    {
        var rows = store.Trials().Where(t => t.Stage == stage).ToList();
        var nulls = rows.Count(t => t.Reward is null);
        return string.Create(CultureInfo.InvariantCulture,
            $"{rows.Count} trials, {rows.Count(t => t.Passed)} passed{(nulls > 0 ? $", {nulls} without a reward" : "")}{(ran < rows.Count ? $"; {rows.Count - ran} were there already" : "")}");
    }
}
