using System.Globalization;
using Capvec.Experiments.Analysis;
using Capvec.Experiments.Results;
using Capvec.Experiments.Screening;
using Capvec.Experiments.Storage;
using Capvec.Experiments.Studies;
using Capvec.Formats.Errors;

namespace Capvec.Experiments.Running;

/// <summary>Chooses layer and strength, from the selection tasks alone.</summary>
internal static class SelectionRules
{
    /// <summary>The layers that may be chosen, best first by held-out AUC x margin.</summary>
    public static IReadOnlyList<int> Candidates(SelectionPlan plan, IReadOnlyList<LayerRank> ranking)
    {
        foreach (var layer in plan.Layers ?? [])
        {
            if (!ranking.Any(r => r.Layer == layer))
                throw new CapvecException($"the study selects among layers with {layer}, but the model has blocks 0 to {ranking.Max(r => r.Layer)}; mend select.layers.");
        }

        return [.. ranking.Where(r => plan.Layers?.Contains(r.Layer) ?? true).OrderByDescending(Score).ThenBy(r => r.Layer).Select(r => r.Layer)];
    }

    /// <summary>The layer with the largest held-out AUC x margin.</summary>
    public static Candidate ByRanking(SelectionPlan plan, IReadOnlyList<LayerRank> ranking)
    {
        var best = ranking.First(r => r.Layer == Candidates(plan, ranking)[0]);
        return new(best.Layer, null, string.Create(CultureInfo.InvariantCulture,
            $"layer {best.Layer} has the largest held-out AUC x margin ({best.HeldOutAuc:F3} x {best.Margin:F2} = {Score(best):F2}) of {ranking.Count} layers"));
    }

    /// <summary>The point that the screen puts first.</summary>
    /// <exception cref="CapvecException">It proposes none.</exception>
    public static Candidate ByScreen(ScreenResult screen)
    {
        if (screen.Proposals() is not [var best, ..])
        {
            throw new CapvecException(string.Create(CultureInfo.InvariantCulture,
                $"the screen proposes nothing: at none of its {screen.Points.Count} points is an effect seen while KL stays at or below {screen.KlBound:0.###} nats a token. Try other strengths or another direction, in a new study, or choose by: sweep."));
        }

        return new(best.Layer, best.Strength, string.Create(CultureInfo.InvariantCulture,
            $"layer {best.Layer} at strength {best.Strength:0.####} has the largest predicted effect ({Figures.Points(best.Effect)} points of pass rate [{Figures.Points(best.EffectInterval.Lower)}, {Figures.Points(best.EffectInterval.Upper)}], KL {best.Kl:0.000} nats a token) among {screen.Points.Count} points screened on {screen.Solved} solved and {screen.Failed} failed traces"));
    }

    /// <summary>
    /// The layer and strength with the highest pass rate. Of equal rates the one with the smaller strength (it changes the model least), then the layer with
    /// the larger held-out AUC x margin.
    /// </summary>
    public static Candidate BySweep(IReadOnlyList<ArmRow> arms, IReadOnlyList<TrialRow> trials, IReadOnlyList<LayerRank> ranking)
    {
        var tried = arms.Where(a => a.Kind == ArmKind.Steered).Select(arm =>
        {
            var counted = trials.Where(t => t.Arm == arm.Name && t.Reward is not null).ToList();
            return (Arm: arm, Trials: counted.Count, Passed: counted.Count(t => t.Passed));
        }).Where(x => x.Trials > 0).ToList();
        if (tried.Count == 0)
            throw new CapvecException("no trial of the selection has a reward, so nothing can be chosen; see why the trials failed with `capvec inspect`, then run again with --retry-nulls.");
        var best = tried
            .OrderByDescending(x => (double)x.Passed / x.Trials)
            .ThenBy(x => Math.Abs(x.Arm.Strength!.Value))
            .ThenByDescending(x => Score(ranking.First(r => r.Layer == x.Arm.Layers[0])))
            .First();
        return new(best.Arm.Layers[0], best.Arm.Strength, string.Create(CultureInfo.InvariantCulture,
            $"layer {best.Arm.Layers[0]} at strength {best.Arm.Strength:0.####} passed most often ({best.Passed} of {best.Trials}) of {tried.Count} tried on the selection tasks"));
    }

    private static double Score(LayerRank rank) => rank.HeldOutAuc * rank.Margin;
}
