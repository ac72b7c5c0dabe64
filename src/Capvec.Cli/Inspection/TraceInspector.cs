using System.Text.Json.Nodes;
using Capvec.Agents.Traces;
using Capvec.Cli.Output;
using Capvec.Formats.Errors;

namespace Capvec.Cli.Inspection;

/// <summary>Describes traces: one trial, or a folder of them.</summary>
internal static class TraceInspector
{
    /// <summary>One ATIF file.</summary>
    public static Finding File(string path)
    {
        var trace = TraceReader.Load(path);
        var trial = trace.Trial;
        var facts = new List<(string, string)>
        {
            ("task", $"{trial.Task} (hash {trial.TaskHash})"),
            ("arm", $"{trial.Arm}, attempt {trial.Attempt}, seed {trial.Seed}"),
            ("reward", trial.Reward is { } reward ? $"{reward:G4}" : $"null: {trial.Failure}"),
            ("ended by", $"{trial.StopReason} after {trial.Turns} of at most {trial.MaxTurns} turns"),
            ("marks", MarksText.Of(trial.Marks)),
            ("model", Name(trial.Model)),
            ("adapter", trial.Adapter is null ? "none" : Name(trial.Adapter)),
            ("steering", trial.Steering),
            ("sandbox", $"{trial.Sandbox}; protocol {trial.Protocol}"),
            ("started", $"{trial.Started:u}, took {(trial.Finished - trial.Started).TotalSeconds:0.0} s"),
        };
        var rows = new List<string[]> { new[] { "step", "source", "tokens", "begins with" } };
        rows.AddRange(trace.Steps.Select(step => new[] { $"{step.StepId}", $"{step.Source}".ToLowerInvariant(), $"{step.Metrics?.CompletionTokens}", Begin(step.Message) }));
        return new Finding("trace", $"a trial as {trace.SchemaVersion}", facts, rows, new JsonObject
        {
            ["task"] = trial.Task,
            ["arm"] = trial.Arm,
            ["attempt"] = trial.Attempt,
            ["reward"] = trial.Reward,
            ["turns"] = trial.Turns,
            ["marks"] = MarksText.Json(trial.Marks),
            ["steering"] = trial.Steering,
        });
    }

    /// <summary>A folder of ATIF files, counted by arm.</summary>
    public static Finding Folder(string path)
    {
        var trials = TraceReader.LoadAll(path).Select(trace => trace.Trial).ToList();
        if (trials.Count == 0)
            throw new CapvecException($"{path} holds no traces; a folder that \"capvec collect\" wrote was expected.", exitCode: CapvecException.WrongUsage);
        var rows = new List<string[]> { new[] { "arm", "trials", "passed", "failed", "null", "marks" } };
        var arms = new JsonArray();
        foreach (var arm in trials.GroupBy(trial => trial.Arm, StringComparer.Ordinal).OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            var tally = Tally.Of(arm.Select(trial => (trial.Reward, trial.Marks)));
            rows.Add([arm.Key, $"{arm.Count()}", $"{tally.Passed}", $"{tally.Failed}", $"{tally.Nulls}", MarksText.Of(tally.Marks)]);
            var json = tally.Json();
            json.Insert(0, "arm", arm.Key);
            arms.Add(json);
        }

        return new Finding("traces", "traces of trials", [("trials", $"{trials.Count} of {trials.Select(trial => trial.Task).Distinct(StringComparer.Ordinal).Count()} tasks")], rows, new JsonObject { ["arms"] = arms });
    }

    private static string Name(ModelReference model) => model.Hash is null ? model.Name : $"{model.Name} (hash {model.Hash})";

    private static string Begin(string? message)
    {
        var line = (message ?? "").ReplaceLineEndings(" ");
        return line.Length <= 72 ? line : $"{line[..71]}…";
    }
}
