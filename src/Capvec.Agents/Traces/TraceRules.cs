using System.Globalization;
using System.Text.Json;

namespace Capvec.Agents.Traces;

/// <summary>The rules of ATIF that its types alone do not keep, and those of Capvec's own part.</summary>
internal static class TraceRules
{
    /// <summary>The first field that breaks a rule and what is wrong with it, or null.</summary>
    public static (string Field, string Rule)? Broken(Trajectory t)
    {
        if (!(t.SchemaVersion.Length == 9 && t.SchemaVersion.StartsWith("ATIF-v1.", StringComparison.Ordinal) && t.SchemaVersion[8] is >= '0' and <= '7'))
            return ("schema_version", $"is '{t.SchemaVersion}', expected ATIF-v1.0 to {Trajectory.CurrentVersion}");
        if (t.Steps.Count == 0)
            return ("steps", "is empty, expected at least one step");
        for (var i = 0; i < t.Steps.Count; i++)
        {
            if (Broken(t.Steps[i], i + 1) is var (field, rule))
                return (string.Create(CultureInfo.InvariantCulture, $"steps[{i}].{field}"), rule);
        }

        return t.Extra?.Capvec is { } trial && Broken(trial) is var (name, why) ? ($"extra.capvec.{name}", why) : null;
    }

    private static (string Field, string Rule)? Broken(Step step, int id)
    {
        if (step.StepId != id)
            return ("step_id", $"is {step.StepId}, expected {id}: steps are numbered from 1");
        if (step.Source != StepSource.Agent)
        {
            var only = step.ModelName is not null ? "model_name" : step.ReasoningEffort is not null ? "reasoning_effort" : step.ReasoningContent is not null ? "reasoning_content"
                : step.ToolCalls is not null ? "tool_calls" : step.Metrics is not null ? "metrics" : null;
            if (only is not null)
                return (only, "is only for steps of the agent");
        }

        if (step.LlmCallCount == 0 && (step.Metrics is not null || step.ReasoningContent is not null))
            return ("llm_call_count", "is 0, so the step can have no metrics and no reasoning_content");
        for (var i = 0; i < (step.ToolCalls?.Count ?? 0); i++)
        {
            if (step.ToolCalls![i].Arguments.ValueKind != JsonValueKind.Object)
                return ($"tool_calls[{i}].arguments", "is no object");
        }

        for (var i = 0; i < (step.Observation?.Results.Count ?? 0); i++)
        {
            if (step.Observation!.Results[i].SourceCallId is { } call && step.ToolCalls?.Any(c => c.ToolCallId == call) != true)
                return ($"observation.results[{i}].source_call_id", $"is '{call}', which is no tool call of this step");
        }

        if (step.Metrics is { Logprobs: { } logprobs, CompletionTokenIds: { } ids } && logprobs.Count != ids.Count)
            return ("metrics.logprobs", $"has {logprobs.Count} entries for {ids.Count} completion_token_ids");
        return null;
    }

    private static (string Field, string Rule)? Broken(TrialRecord trial)
    {
        if (trial.Reward is < 0 or > 1)
            return ("reward", string.Create(CultureInfo.InvariantCulture, $"is {trial.Reward}, expected 0 to 1 or null"));
        if (trial.Reward is null != trial.Failure is not null)
            return ("failure", "must say why the reward is null, and stand there only then");
        if (trial.Conversation is not { } conversation)
            return null;
        var at = 0;
        foreach (var range in conversation.Own)
        {
            if (range.Count != 2 || range[0] < at || range[1] <= range[0] || range[1] > conversation.Ids.Count)
                return ("conversation.own", $"is no list of ranges [first, end) in order within {conversation.Ids.Count} ids");
            at = range[1];
        }

        return null;
    }
}
