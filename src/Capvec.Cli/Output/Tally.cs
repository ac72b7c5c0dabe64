using System.Text.Json.Nodes;
using Capvec.Agents.Traces;

namespace Capvec.Cli.Output;

/// <summary>Trials counted for a reader. A reward of at least 0.5 is a pass; a null reward is neither a pass nor a failure.</summary>
/// <param name="Passed">Trials passed.</param>
/// <param name="Failed">Trials with a lower reward.</param>
/// <param name="Nulls">Trials without a reward.</param>
/// <param name="Marks">Sum of their marks.</param>
internal sealed record Tally(int Passed, int Failed, int Nulls, TrialMarks Marks)
{
    /// <summary>Counts trials.</summary>
    public static Tally Of(IEnumerable<(double? Reward, TrialMarks Marks)> trials) => trials.Aggregate(
        new Tally(0, 0, 0, new TrialMarks()),
        (tally, trial) => new Tally(
            tally.Passed + (trial.Reward >= 0.5 ? 1 : 0),
            tally.Failed + (trial.Reward < 0.5 ? 1 : 0),
            tally.Nulls + (trial.Reward is null ? 1 : 0),
            Sum(tally.Marks, trial.Marks)));

    /// <summary>For programs.</summary>
    public JsonObject Json() => new() { ["trials"] = Passed + Failed + Nulls, ["passed"] = Passed, ["failed"] = Failed, ["null"] = Nulls, ["marks"] = MarksText.Json(Marks) };

    private static TrialMarks Sum(TrialMarks a, TrialMarks b) => new()
    {
        ParseFail = a.ParseFail + b.ParseFail,
        NoCmd = a.NoCmd + b.NoCmd,
        EarlyDone = a.EarlyDone + b.EarlyDone,
        LengthCut = a.LengthCut + b.LengthCut,
        Refusal = a.Refusal + b.Refusal,
        Loop = a.Loop + b.Loop,
        Timeout = a.Timeout + b.Timeout,
    };
}
