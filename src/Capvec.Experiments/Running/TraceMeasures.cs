using System.Collections.Immutable;
using Capvec.Agents.Traces;

namespace Capvec.Experiments.Running;

/// <summary>What can be counted in a trace, for the audit of the direction that is made from it.</summary>
public static class TraceMeasures
{
    /// <summary>Turns, length of the replies and the marks that replies were given, by name.</summary>
    public static ImmutableSortedDictionary<string, double> Of(Trajectory trace)
    {
        var trial = trace.Trial;
        return new Dictionary<string, double>
        {
            ["turns"] = trial.Turns,
            ["characters a reply"] = trace.Steps.Where(step => step.Source == StepSource.Agent).Select(step => (double)step.Message.Length).DefaultIfEmpty().Average(),
            ["unusable replies"] = trial.Marks.ParseFail,
            ["replies without a command"] = trial.Marks.NoCmd,
            ["replies cut by the limit"] = trial.Marks.LengthCut,
            ["repeated replies"] = trial.Marks.Loop,
            ["refusals"] = trial.Marks.Refusal,
        }.ToImmutableSortedDictionary(StringComparer.Ordinal);
    }
}
