using Capvec.Reports.Figures;

namespace Capvec.Reports.Tables;

/// <summary>arms.csv: every arm of every stage with its counts and statistics.</summary>
internal static class ArmsCsv
{
    /// <summary>Writes the table.</summary>
    public static string Write(StudyIndex study) => Csv.Write(study.Results.Arms.Select(a =>
    {
        var c = a.AgainstBase;
        return new ArmRow
        {
            Stage = a.Stage,
            Arm = a.Name,
            Kind = Csv.Kind(a.Kind),
            Layers = Csv.Layers(a.Layers),
            Strength = a.Strength,
            Alpha = a.Alpha,
            Trials = a.Trials,
            Passed = a.Passed,
            Nulls = a.Nulls,
            Rate = Number(a.Rate),
            WilsonLow = Number(a.Wilson.Lower),
            WilsonHigh = Number(a.Wilson.Upper),
            PairedDifference = Number(c?.PairedDifference),
            PairedLow = Number(c?.PairedInterval.Lower),
            PairedHigh = Number(c?.PairedInterval.Upper),
            PairedP = Number(c?.PairedP),
            Tasks = c?.Tasks,
            FisherTwoSided = Number(c?.FisherTwoSided),
            FisherGreater = Number(c?.FisherGreater),
            FisherLess = Number(c?.FisherLess),
            Holm = Number(c?.Holm),
            ParseFail = a.Marks.ParseFail,
            NoCmd = a.Marks.NoCmd,
            EarlyDone = a.Marks.EarlyDone,
            LengthCut = a.Marks.LengthCut,
            Refusal = a.Marks.Refusal,
            Loop = a.Marks.Loop,
            Timeout = a.Marks.Timeout,
        };
    }));

    // What is no number is left empty, as everything else that is not there.
    private static double? Number(double? value) => value is { } v && double.IsFinite(v) ? v : null;
}
