using Capvec.Experiments.Results;
using Capvec.Formats.Errors;
using Capvec.Reports.Charts;
using Capvec.Reports.Figures;
using Capvec.Reports.Markup;
using Capvec.Reports.Transcripts;

namespace Capvec.Reports.Pages;

/// <summary>Trials of base and of the steered arm on the same task and seed whose outcomes differ, side by side.</summary>
internal static class TranscriptsSection
{
    /// <summary>The section.</summary>
    public static Html Of(ReportContext context) => Element.Section("transcripts", "Transcripts", Body(context.Study), wide: true);

    private static Html Body(StudyIndex study)
    {
        var basis = study.Base(StudyIndex.Test);
        if (basis is null || study.Candidate is not { } candidate)
            return Element.Paragraph("The test stage has no base or no steered arm, so there are no pairs to show.");
        var pairs = study.Pairs(StudyIndex.Test, basis.Name, candidate.Name);
        var counts = PairCounts.Of(pairs);
        var picked = PairPicker.Pick(pairs);
        var intro = Html.Of($"""
            <p>{candidate.Name} against {basis.Name} on the same task, attempt and seed, {Show.Count(counts.Total, "pair")}: {Show.Count(counts.OnlyRight)} only {candidate.Name} passed, {Show.Count(counts.OnlyLeft)} only {basis.Name}, {Show.Count(counts.Both)} both, {Show.Count(counts.Neither)} neither{(counts.WithoutReward > 0 ? $"; {Show.Count(counts.WithoutReward, "pair")} without a reward on one side" : "")}.</p>
            """);
        if (picked.Count == 0)
            return Html.Of($"{intro}{Element.Paragraph("No pair ended differently, so there is no example to show.")}");
        return Html.Of($"""
            {intro}
            <p class="small muted">Shown are {Show.Count(picked.Count, "pair")} that ended differently, taken by task and attempt and not for what they say: two that only the steered arm passed and one that only base passed, where there are such pairs. Words that differ are marked where two replies have enough in common.</p>
            <p><button class="plain" type="button" data-toggle-details="transcripts" hidden>Open or close all</button></p>
            {picked.Select((pair, i) => Pair(study, basis, candidate, pair, open: i == 0))}
            """);
    }

    private static Html Pair(StudyIndex study, ArmResult basis, ArmResult candidate, TrialPair pair, bool open)
    {
        var body = PairBody(study, basis, candidate, pair);
        return Html.Of($"""
            <details class="pair"{Html.Text(open ? " open" : "")}><summary><b>{pair.Left.Task}</b>, attempt {pair.Left.Attempt}, seed {Seed(pair.Left.Seed)} <span class="outcome">· {basis.Name} {Outcome(pair.Left)}, {candidate.Name} {Outcome(pair.Right)}</span></summary><div class="body">{body}</div></details>
            """);
    }

    private static Html PairBody(StudyIndex study, ArmResult basis, ArmResult candidate, TrialPair pair)
    {
        Transcript left;
        Transcript right;
        try
        {
            left = TranscriptReader.Read(study.Results.Folder, pair.Left.TracePath);
            right = TranscriptReader.Read(study.Results.Folder, pair.Right.TracePath);
        }
        catch (CapvecException e)
        {
            return Element.Paragraph($"This pair cannot be shown: {e.Message}");
        }

        var turns = Enumerable.Range(0, Math.Max(left.Turns.Count, right.Turns.Count))
            .Select(i => TurnPair.Of(i, i < left.Turns.Count ? left.Turns[i] : null, i < right.Turns.Count ? right.Turns[i] : null, basis.Name, candidate.Name));
        return Html.Of($"""
            <details><summary>The task as the agent was told it</summary>{TurnPair.Block(left.Prompt)}</details>
            {Split(left, right)}
            <div class="sides">
            <div class="side-head">{Legend.Swatch(basis.Kind)} {basis.Name} <span class="outcome">· {Outcome(pair.Left)}, {Show.Count(pair.Left.Turns, "turn")}, {Show.Count(pair.Left.Tokens, "token")}</span></div>
            <div class="side-head right">{Legend.Swatch(candidate.Kind)} {candidate.Name} <span class="outcome">· {Outcome(pair.Right)}, {Show.Count(pair.Right.Turns, "turn")}, {Show.Count(pair.Right.Tokens, "token")}</span></div>
            {turns}
            {Verifier(left, "")}{Verifier(right, " right")}
            </div>
            <p class="small muted">Traces: <code>{pair.Left.TracePath}</code> and <code>{pair.Right.TracePath}</code></p>
            """);
    }

    private static Html Verifier(Transcript transcript, string side) => transcript.VerifierOutput.Length == 0
        ? Html.Of($"""<div class="turn{side}"></div>""")
        : Html.Of($"""<div class="turn{side}"><details><summary>What the verifier printed</summary>{TurnPair.Block(transcript.VerifierOutput)}</details></div>""");

    // The trials share their seed, so they run together until the steering changes a choice of token for the first time.
    private static Html Split(Transcript left, Transcript right)
    {
        for (var i = 0; i < Math.Min(left.Turns.Count, right.Turns.Count); i++)
        {
            var a = left.Turns[i].TokenIds;
            var b = right.Turns[i].TokenIds;
            if (a.Count == 0 || b.Count == 0)
                return Html.Empty;
            var same = a.Zip(b).TakeWhile(p => p.First == p.Second).Count();
            if (same == a.Count && same == b.Count)
                continue;
            return Html.Of($"""<p class="split">The two part at token {same + 1} of reply {i + 1} ({Show.Count(a.Count, "token")} and {Show.Count(b.Count, "token")}); up to there every token is the same.</p>""");
        }

        return Html.Empty;
    }

    private static string Outcome(TrialRow trial) => trial.Reward is null ? "no reward" : trial.Passed ? "passed" : "failed";

    private static string Seed(ulong seed) => seed.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
