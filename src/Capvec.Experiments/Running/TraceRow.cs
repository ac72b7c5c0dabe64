using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Capvec.Agents.Traces;
using Capvec.Experiments.Results;

namespace Capvec.Experiments.Running;

/// <summary>What the store and comparisons keep of a trace.</summary>
internal static class TraceRow
{
    /// <summary>The row of a finished trial.</summary>
    /// <param name="stage">Whose trial it is.</param>
    /// <param name="trace">Its trace.</param>
    /// <param name="path">Where the trace is, as the row shall say it.</param>
    public static TrialRow Of(string stage, Trajectory trace, string path)
    {
        var trial = trace.Trial;
        return new(stage, trial.Arm, trial.Task, trial.Attempt, trial.Seed, trial.Reward, trial.Failure, trial.Turns, trace.Steps.Sum(s => s.Metrics?.CompletionTokens ?? 0), trial.Marks, path,
            trial.Started, (trial.Finished - trial.Started).TotalSeconds)
        {
            TokensHash = HashTokens(trace),
        };
    }

    private static string HashTokens(Trajectory trace)
    {
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var step in trace.Steps.Where(s => s.Source == StepSource.Agent))
        {
            if (step.Metrics?.CompletionTokenIds is not { } ids)
                return "";
            sha.AppendData(MemoryMarshal.AsBytes<int>([.. ids, -1]));
        }

        return Convert.ToHexStringLower(sha.GetHashAndReset())[..16];
    }
}
