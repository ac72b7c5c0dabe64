using System.Globalization;
using Capvec.Steering.Ranking;
using Capvec.Steering.Validation;

namespace Capvec.Cli.Output;

/// <summary>What a ranking's figures say, a sentence each.</summary>
internal static class RankingText
{
    /// <summary>The sentences for the best layer.</summary>
    public static IEnumerable<string> Of(LayerRanking ranking)
    {
        var best = ranking.Layers[0];
        if (ranking.Layers.All(layer => layer.Auc == 1) && best.HeldOutAuc < 1)
            yield return Text($"in sample every layer has AUC 1: {best.Traces} traces in many more dimensions can always be parted, so that figure says nothing; read the held-out one");
        if (best.PMax is { } p)
        {
            yield return p < 0.05
                ? Text($"layer {best.Layer}: labels without meaning reach this held-out AUC somewhere among {ranking.Layers.Length} layers in {p:P2} of {ranking.Shuffles} relabellings{(ranking.IsExact ? " (all that there are)" : "")}")
                : Text($"layer {best.Layer}: {p:P1} of {ranking.Shuffles} relabellings{(ranking.IsExact ? " (all that there are)" : "")} do as well somewhere among {ranking.Layers.Length} layers, so nothing is shown; about {LearningCurve.TracesFor(best.HeldOutAuc, best.Positives, best.Negatives)} traces would pin the AUC to +-0.05");
        }

        if (ranking.Learning.Length > 1)
            yield return $"layer {best.Layer}: held-out AUC by traces in the direction: {string.Join(", ", ranking.Learning.Select(point => Text($"{point.Traces}: {point.Auc:F3}")))}";
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
