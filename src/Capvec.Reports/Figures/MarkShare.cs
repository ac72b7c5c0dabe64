using Capvec.Agents.Traces;
using Capvec.Experiments.Results;

namespace Capvec.Reports.Figures;

/// <summary>One failure mark: how it is called and where it is counted.</summary>
/// <param name="Name">Name in files, for example parse_fail.</param>
/// <param name="Meaning">What it says, in a few words.</param>
/// <param name="Count">Reads its count.</param>
internal sealed record MarkShare(string Name, string Meaning, Func<TrialMarks, int> Count)
{
    /// <summary>All marks, in the order of showing.</summary>
    public static IReadOnlyList<MarkShare> All { get; } =
    [
        new("parse_fail", "reply without a usable JSON object", m => m.ParseFail),
        new("no_cmd", "usable reply that neither runs a command nor marks the task complete", m => m.NoCmd),
        new("early_done", "task marked complete before any command had run", m => m.EarlyDone),
        new("length_cut", "reply cut off by the token limit", m => m.LengthCut),
        new("refusal", "reply that refuses the task", m => m.Refusal),
        new("loop", "reply that repeats the one before word for word", m => m.Loop),
        new("timeout", "command or trial that ran out of time", m => m.Timeout),
    ];

    /// <summary>Trials of an arm that met the mark at least once, of all its trials, with and without a reward.</summary>
    public (int Marked, int Trials) Of(StudyIndex study, ArmResult arm)
    {
        var trials = study.Trials(arm.Stage, arm.Name).ToList();
        return (trials.Count(t => Count(t.Marks) > 0), trials.Count);
    }
}
