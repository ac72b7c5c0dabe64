using System.Globalization;
using Capvec.Reports.Figures;

namespace Capvec.Reports.Tables;

/// <summary>results.csv: every trial of every stage, in the order of stage, arm, task and attempt that the results have.</summary>
internal static class ResultsCsv
{
    /// <summary>Writes the table.</summary>
    public static string Write(StudyIndex study) => Csv.Write(study.Results.Trials.Select(t =>
    {
        var arm = study.ArmOf(t);
        return new ResultRow
        {
            Stage = t.Stage,
            Arm = t.Arm,
            Kind = arm is null ? "" : Csv.Kind(arm.Kind),
            Layers = arm is null ? "" : Csv.Layers(arm.Layers),
            Strength = arm?.Strength,
            Alpha = arm?.Alpha,
            Task = t.Task,
            Attempt = t.Attempt,
            Seed = t.Seed,
            Reward = t.Reward,
            Failure = t.Failure,
            Turns = t.Turns,
            Tokens = t.Tokens,
            ParseFail = t.Marks.ParseFail,
            NoCmd = t.Marks.NoCmd,
            EarlyDone = t.Marks.EarlyDone,
            LengthCut = t.Marks.LengthCut,
            Refusal = t.Marks.Refusal,
            Loop = t.Marks.Loop,
            Timeout = t.Marks.Timeout,
            Started = t.Started.ToString("O", CultureInfo.InvariantCulture),
            Seconds = t.Seconds,
            Trace = t.TracePath,
        };
    }));
}
