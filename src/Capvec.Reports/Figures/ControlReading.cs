using Capvec.Experiments.Analysis;
using Capvec.Experiments.Results;

namespace Capvec.Reports.Figures;

/// <summary>One control: what it is for and what it did.</summary>
/// <param name="Arm">The arm, or null where the study has none of this kind.</param>
/// <param name="Kind">Which control.</param>
/// <param name="Expected">What it has to show.</param>
/// <param name="Found">What it showed, with figures.</param>
internal sealed record ControlReading(ArmResult? Arm, ArmKind Kind, string Expected, string Found)
{
    private static readonly (ArmKind Kind, string Expected)[] Controls =
    [
        (ArmKind.AgainstItself, "equal to base within chance: the plain model again with other seeds"),
        (ArmKind.AlphaZero, "the same trials as base, token for token: the steering code with strength 0"),
        (ArmKind.Random, "equal to base within chance: a random direction of the same length"),
        (ArmKind.Negative, "no lift: the direction reversed; a direction that only disturbs would act the same both ways"),
    ];

    /// <summary>All controls of the test stage; kinds that the study lacks are named too.</summary>
    public static IReadOnlyList<ControlReading> Of(StudyIndex study) =>
    [
        .. Controls.SelectMany(control =>
        {
            var arms = study.Arms(StudyIndex.Test).Where(a => a.Kind == control.Kind).ToList();
            return arms.Count == 0
                ? [new ControlReading(null, control.Kind, control.Expected, "not in this study: what it would have shown is not known")]
                : arms.Select(a => new ControlReading(a, control.Kind, control.Expected, a.Kind == ArmKind.AlphaZero ? Identical(study, a) : Compared(a)));
        }),
    ];

    private static string Compared(ArmResult arm)
    {
        if (arm.AgainstBase is not { } c || arm.Trials == 0)
            return "no trial with a reward yet";
        var found = c.Holm < 0.05 ? (c.PairedDifference > 0 ? "passes more often than base" : "passes less often than base") : "no difference found";
        return $"{found}: {Show.Percent(arm.Rate)} of {arm.Trials}, {Show.Points(c.PairedDifference)} points [{Show.Points(c.PairedInterval)}], Holm {Show.PSentence(c.Holm)}";
    }

    private static string Identical(StudyIndex study, ArmResult arm)
    {
        if (study.Base(StudyIndex.Test) is not { } basis)
            return "no base to compare with";
        var check = AlphaZeroCheck.Of(study.Trials(StudyIndex.Test, arm.Name), study.Trials(StudyIndex.Test, basis.Name));
        return check.Compared == 0
            ? "no trial shares task, attempt and seed with base"
            : $"{Show.Count(check.Compared - check.Different)} of {Show.Count(check.Compared, "pair")} with the same tokens and the same reward as base";
    }
}
