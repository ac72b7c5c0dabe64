using Capvec.Experiments.Results;
using Capvec.Experiments.Screening;

namespace Capvec.Reports.Figures;

/// <summary>Sentences about a study's screen, the same in the page and in the markdown files.</summary>
internal static class ScreenText
{
    /// <summary>What it proposes.</summary>
    public static string Proposals(ScreenResult screen) => screen.Proposals() is { Count: > 0 } proposals
        ? $"Before a trial was run, the screen proposed {string.Join("; ", proposals.Select(p => $"layer {Show.Count(p.Layer)} at strength {Show.Strength(p.Strength)} (predicted change of the pass rate {Show.Points(p.Effect)} points [{Show.Points(p.EffectInterval)}], KL {Show.Significant(p.Kl)})"))}."
        : $"The screen proposed nothing: at no point is an effect seen with KL at or below {Show.Significant(screen.KlBound)} nats a token.";

    /// <summary>How it was done.</summary>
    public static string Method(ScreenResult screen) =>
        $"{Show.Count(screen.Solved)} solved and {Show.Count(screen.Failed)} failed traces of {Show.Count(screen.Tasks, "task")} ({Show.Count(screen.Tokens)} tokens of the agent) were read again under steering, word for word; {screen.HeldOut}. "
        + "The predicted effect is the change of the solved traces' share when every trace counts as much more as it has become more likely as a whole, in points of pass rate; its interval draws tasks; where few traces carry the weight (effective traces), it is worth little. Solved and failed are the changes of their log-likelihood in nats a token. KL is from the plain model to the steered one, entropy its change, length that of the layer's residual stream. "
        + $"A point is in the window where the interval of the effect lies above 0 and KL is at or below {Show.Significant(screen.KlBound)}.";

    /// <summary>What the calibration found.</summary>
    public static string IsoKl(ScreenResult screen) =>
        $"The strength of each layer that gives a KL of {Show.Significant(screen.TargetKl ?? double.NaN)} nats a token, measured: layers compared at the same distance from the plain model. Layers that do not come so far at the strengths tried are left out.";

    /// <summary>How its order agrees with the trials.</summary>
    public static string Agreement(StudyResults results) => results.ScreenAgreement switch
    {
        null => "Too few of its points were tried to compare its order with pass rates.",
        { Correlation: double.NaN } a => $"{Show.Count(a.Points.Count)} of its points were tried in the {a.Stage} stage, all with the same pass rate, so there is no order to compare its own with.",
        var a => $"{Show.Count(a.Points.Count)} of its points were tried in the {a.Stage} stage. Spearman's rank correlation of the screen's order with the measured pass rates is {Show.Significant(a.Correlation)} [{Show.Significant(a.Interval.Lower)} to {Show.Significant(a.Interval.Upper)}], where the interval draws {Show.Count(a.Tasks, "task")} of that stage and takes the screen's order as it is. Noise of the pass rates lowers it.{Within(a.WithinBound, results.Screen)}",
    };

    private static string Within(RankCorrelation? within, ScreenResult? screen) => within is null || double.IsNaN(within.Correlation) || screen is null
        ? ""
        : $" Among the {Show.Count(within.Points)} points with a KL of at most {Show.Significant(screen.KlBound)}, the only ones that it would propose, the correlation is {Show.Significant(within.Correlation)} [{Show.Significant(within.Interval.Lower)} to {Show.Significant(within.Interval.Upper)}].";

    /// <summary>What the figures of openings are.</summary>
    public static readonly string OpeningsMethod = $"For each failure mark: by how much the first {Show.Count(ScreenPlan.OpeningTokens)} tokens of the failed traces' replies that bear it have become likelier under steering, together, in nats a reply. Below 0, this way to fail begins less often.";

    /// <summary>The openings of a point in a line.</summary>
    public static string Openings(ScreenPoint point) => string.Join(", ", point.Openings.Select(o => $"{o.Key} {Show.Significant(o.Value.Change)} (n = {Show.Count(o.Value.Replies)})"));
}
