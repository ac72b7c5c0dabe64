using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Capvec.Formats.Errors;
using Capvec.Formats.Files;
using Capvec.Steering.Activations;
using Capvec.Steering.Ranking;
using Capvec.Steering.Validation;

namespace Capvec.Steering.Audit;

/// <summary>
/// Is a direction about the contrast, or about something that went with it? Every trace has its held-out score;
/// for each fact about the traces, the audit says how well these scores tell the fact, and which AUC is left among traces that are alike in it (the
/// stratified Mann-Whitney statistic of van Elteren, every pair weighing the same).
/// <para>
/// A fact may also be how the contrast works: solved trials are shorter. So a finding is no verdict that the direction is wrong; it says what has to
/// be ruled out, by a contrast within the level or by steering.
/// </para>
/// </summary>
public sealed class ConfoundAudit
{
    private const double LeastAuc = 0.6;

    private ConfoundAudit(int layer, double heldOut, IEnumerable<Confound> confounds)
    {
        Layer = layer;
        HeldOutAuc = heldOut;
        Confounds = [.. confounds.OrderBy(c => c.HeldFixed ?? 0).ThenBy(c => c.Fact, StringComparer.Ordinal)];
    }

    /// <summary>0-based block.</summary>
    public int Layer { get; }

    /// <summary>Held-out AUC over all pairs.</summary>
    public double HeldOutAuc { get; }

    /// <summary>One entry a fact, the one that leaves the least first.</summary>
    public ImmutableArray<Confound> Confounds { get; }

    /// <summary>Audits the best layer of a ranking.</summary>
    /// <param name="set">The rows that were ranked, with labels and what is known of the traces.</param>
    /// <param name="ranking">Their ranking.</param>
    public static ConfoundAudit Run(ActivationSet set, LayerRanking ranking) => Run(set, ranking.Layers[0].Layer, ranking.HeldOutScores(ranking.Layers[0].Layer).ToArray());

    /// <summary>Audits the mean difference of one layer.</summary>
    /// <param name="set">Captured rows with labels and what is known of the traces.</param>
    /// <param name="layer">0-based block.</param>
    /// <exception cref="CapvecException">A class has fewer than two traces, or the layer was not captured.</exception>
    public static ConfoundAudit Run(ActivationSet set, int layer) => Run(set, layer, LeaveOneOut.Scores(set, layer));

    private static ConfoundAudit Run(ActivationSet set, int layer, double[] scores)
    {
        var labels = set.Labels;
        return new ConfoundAudit(layer, Auc.Of(scores, labels), TraceFact.Of(set).Select(fact => Examine(fact, scores, labels)));
    }

    /// <summary>What was found, a sentence each; one that says so where there is nothing.</summary>
    public IReadOnlyList<string> Findings()
    {
        if (HeldOutAuc < LeastAuc)
            return [Text($"layer {Layer}: held-out AUC {HeldOutAuc:F3}; the direction tells too little for it to matter what it tells")];
        var findings = Confounds.Where(c => c.IsInseparable || c.TakesMost(HeldOutAuc)).Select(Finding).ToList();
        return findings.Count > 0 ? findings : [Text($"layer {Layer}: no known fact takes more than half of the held-out AUC of {HeldOutAuc:F3}")];
    }

    /// <summary>Writes <c>audit.json</c> into a folder, atomically; docs/formats.md describes it.</summary>
    /// <exception cref="CapvecException">The folder cannot be written.</exception>
    public void Save(string folder) => AtomicFile.WriteText(Path.Combine(folder, "audit.json"), ToJson());

    /// <summary>The audit as JSON, with every figure in full.</summary>
    public string ToJson() => JsonSerializer.Serialize(
        new { Format = "capvec-audit-1", Layer, AucHeldOut = HeldOutAuc, Findings = Findings(), Facts = Confounds.Select(c => new { c.Fact, c.Levels, c.Separation, c.Pairs, AucHeldFixed = c.HeldFixed }) },
        new JsonSerializerOptions { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower }) + "\n";

    private static Confound Examine(TraceFact fact, double[] scores, bool[] labels)
    {
        long pairs = 0, doubled = 0;
        foreach (var level in Enumerable.Range(0, labels.Length).GroupBy(i => fact.Levels[i]))
        {
            var members = level.ToList();
            var positives = members.Count(i => labels[i]);
            pairs += (long)positives * (members.Count - positives);
            doubled += Auc.DoubledWins([.. members.Select(i => scores[i])], [.. members.Select(i => labels[i])]);
        }

        return new Confound(fact.Name, fact.Count, fact.Separation(scores), pairs, pairs == 0 ? null : doubled / (2.0 * pairs));
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private string Finding(Confound c) => c.IsInseparable
        ? Text($"layer {Layer}: the direction may be mostly {c.Fact}: no positive is like any negative in it, so the two cannot be told apart; its scores tell it with AUC {c.Separation:F3}")
        : Text($"layer {Layer}: the direction may be mostly {c.Fact}: held-out AUC {HeldOutAuc:F3}, but {c.HeldFixed:F3} among the {c.Pairs} pairs alike in it; its scores tell it with AUC {c.Separation:F3}");
}
