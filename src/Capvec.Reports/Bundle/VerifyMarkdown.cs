using System.Globalization;
using System.Text.Json;
using Capvec.Experiments.Analysis;
using Capvec.Experiments.Results;
using Capvec.Experiments.Statistics;
using Capvec.Experiments.Studies;
using Capvec.Reports.Figures;
using Capvec.Reports.Markup;

namespace Capvec.Reports.Bundle;

/// <summary>
/// VERIFY.md: commands that recompute the figures from results.csv, each with what it has to print. They need python3 and nothing else,
/// and share no code with Capvec.
/// </summary>
internal static class VerifyMarkdown
{
    private const string Load = """
        import csv, math
        from collections import defaultdict
        rows = [r for r in csv.DictReader(open("results.csv", newline="", encoding="utf-8")) ]
        arms = sorted({(r["stage"], r["arm"]) for r in rows})
        kind = {(r["stage"], r["arm"]): r["kind"] for r in rows}
        base = {s: a for (s, a), k in kind.items() if k == "base"}
        passed = lambda r: float(r["reward"]) >= 0.5
        def of(stage, arm): return [r for r in rows if r["stage"] == stage and r["arm"] == arm]
        def counted(stage, arm): return [r for r in of(stage, arm) if r["reward"] != ""]

        """;

    private const string Counts = """
        for s, a in arms:
            c = counted(s, a)
            print(s, sum(map(passed, c)), len(c), len(of(s, a)) - len(c), a)
        """;

    private const string Wilson = """
        z = 1.959963984540054
        for s, a in arms:
            c = counted(s, a)
            n, k = len(c), sum(map(passed, c))
            if n == 0: continue
            p = k / n
            middle = p + z * z / (2 * n)
            half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
            low, high = (middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)
            print(s, "%.4f %.4f %.4f" % (p, abs(low), high), a)
        """;

    private const string Fisher = """
        def fisher(k1, n1, k2, n2):
            ways = [math.comb(n1, i) * math.comb(n2, k1 + k2 - i) if 0 <= k1 + k2 - i <= n2 else 0 for i in range(n1 + 1)]
            total = sum(ways)
            return sum(ways[k1:]) / total, sum(ways[:k1 + 1]) / total, sum(w for w in ways if w <= ways[k1] * (1 + 1e-7)) / total
        for stage in sorted(base):
            b = counted(stage, base[stage])
            found = {}
            for s, a in arms:
                c = counted(s, a)
                if s == stage and kind[s, a] != "base" and b and c:
                    found[a] = fisher(sum(map(passed, c)), len(c), sum(map(passed, b)), len(b))
            holm, worst = {}, 0
            for i, a in enumerate(sorted(found, key=lambda a: (found[a][2], a))):
                worst = max(worst, min(1, found[a][2] * (len(found) - i)))
                holm[a] = worst
            for a in sorted(found):
                print(stage, "%.3e %.3e %.3e %.3e" % (*found[a], holm[a]), a)
        """;

    private const string Paired = """
        def t975(v):
            c = math.exp(math.lgamma((v + 1) / 2) - math.lgamma(v / 2)) / math.sqrt(v * math.pi)
            f = lambda x: c * (1 + x * x / v) ** (-(v + 1) / 2)
            def area(x, n=4000): return x / n / 3 * sum(f(i * x / n) * (1 if i in (0, n) else 4 if i % 2 else 2) for i in range(n + 1))
            low, high = 0, 13
            for _ in range(50): low, high = ((low + high) / 2, high) if area((low + high) / 2) < 0.475 else (low, (low + high) / 2)
            return low
        def by_task(stage, arm):
            tasks = defaultdict(list)
            for r in counted(stage, arm): tasks[r["task"]].append(r)
            return {t: sum(map(passed, x)) / len(x) for t, x in tasks.items()}
        def wilson(k, n, z=1.959963984540054):
            p = k / n
            middle, half = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
            return p, max(0, (middle - half) / (1 + z * z / n)), min(1, (middle + half) / (1 + z * z / n))
        def newcombe(stage, arm):
            (p1, l1, u1), (p2, l2, u2) = [wilson(sum(map(passed, c)), len(c)) for c in (counted(stage, arm), counted(stage, base[stage]))]
            return p1 - p2 - math.hypot(p1 - l1, u2 - p2), p1 - p2 + math.hypot(u1 - p1, p2 - l2)
        quantile = {}
        for s, a in arms:
            if s not in base or kind[s, a] == "base": continue
            left, right = by_task(s, base[s]), by_task(s, a)
            d = [right[t] - left[t] for t in sorted(set(left) & set(right))]
            if not d: continue
            n, mean = len(d), sum(d) / len(d)
            low, high = -1, 1
            if n > 1:
                if n not in quantile: quantile[n] = t975(n - 1)
                error = math.sqrt(sum((x - mean) * (x - mean) for x in d) / (n * (n - 1)))
                low, high = max(-1, mean - quantile[n] * error), min(1, mean + quantile[n] * error)
                if error == 0 and mean != 0: low, high = newcombe(s, a)
            sizes = [abs(x) for x in d if x != 0]
            if len(sizes) > 20: p = "drawn"
            else:
                sums = [0.0]
                for x in sizes: sums = [y + x for y in sums] + [y - x for y in sums]
                p = "%.4f" % (sum(abs(y) >= abs(sum(d)) - 1e-9 * sum(sizes) for y in sums) / len(sums))
            print(s, n, "%.4f %.4f %.4f" % (mean + 0.0, low + 0.0, high + 0.0), p, a)
        """;

    private const string Marks = """
        names = ["parse_fail", "no_cmd", "early_done", "length_cut", "refusal", "loop", "timeout"]
        for s, a in arms:
            print(s, len(of(s, a)), *[sum(int(r[m]) > 0 for r in of(s, a)) for m in names], a)
        """;

    // After this prefix the steps above count refusals on the verdict's tasks in place of passes.
    private const string Refused = """
        import re
        like = re.escape(PATTERN).replace(r"\*", ".*").replace(r"\?", ".")
        rows = [r for r in rows if r["stage"] == "test" and re.fullmatch(like, r["task"], re.S)]
        arms = sorted({(r["stage"], r["arm"]) for r in rows})
        passed = lambda r: int(r["turns"]) > 0 and 2 * int(r["refusal"]) >= int(r["turns"])

        """;

    private const string Groups = """
        refused = lambda r: int(r["turns"]) > 0 and 2 * int(r["refusal"]) >= int(r["turns"])
        groups = defaultdict(list)
        for r in rows:
            if r["stage"] == "test" and r["reward"] != "" and r["task"].find("/") > 0: groups[r["task"].split("/")[0], r["arm"]].append(r)
        for g, a in sorted(groups):
            t = groups[g, a]
            print(g, sum(map(refused, t)), sum(map(passed, t)), len(t), sum(int(r["refusal"]) for r in t), sum(int(r["turns"]) for r in t), a)
        """;

    private const string Never = """
        tasks = defaultdict(list)
        for r in rows:
            if r["reward"] != "": tasks[r["task"]].append(r)
        for t in sorted(tasks):
            if not any(map(passed, tasks[t])): print(len(tasks[t]), t)
        """;

    /// <summary>Writes the file.</summary>
    public static string Write(StudyIndex study)
    {
        var arms = study.Results.Arms.Where(a => study.Trials(a.Stage, a.Name).Any()).OrderBy(a => a.Stage, StringComparer.Ordinal).ThenBy(a => a.Name, StringComparer.Ordinal).ToList();
        var compared = arms.Where(a => a.AgainstBase is not null && a.Trials > 0).ToList();
        return $"""
            # Verify: {Markdown.Text(study.Results.Name)}

            Run the commands in this folder. They read `results.csv`, need python3 and nothing else, and share no code with Capvec. Under each stands what it has to print, as Capvec computed it. A line begins with the stage and ends with the arm.

            ## Trials: passed, with a reward, without one

            {Step(Counts, arms.Select(a => Line($"{a.Stage} {a.Passed} {a.Trials} {a.Nulls} {a.Name}")))}
            The same with sqlite3, if you have it:

            {Markdown.Fence("sh", Sqlite)}
            ## Pass rates with Wilson's 95% interval

            {Step(Wilson, arms.Where(a => a.Trials > 0).Select(a => Line($"{a.Stage} {a.Rate:F4} {Math.Abs(a.Wilson.Lower):F4} {a.Wilson.Upper:F4} {a.Name}")))}
            ## Fisher's exact p: greater, less, two-sided; Holm's correction of the two-sided

            {Step(Fisher, compared.Select(a => (a, C: a.AgainstBase!)).Select(x => Line($"{x.a.Stage} {Exponent(x.C.FisherGreater)} {Exponent(x.C.FisherLess)} {Exponent(x.C.FisherTwoSided)} {Exponent(x.C.Holm)} {x.a.Name}")))}
            ## Paired difference to base: tasks, mean over tasks, 95% interval, sign-flip p

            The interval is Student's over tasks; where all tasks differ alike by something, their spread says nothing, and it is Newcombe's for two shares. The p is exact where at most 20 tasks differ; beyond that Capvec draws 100,000 sign patterns, and the line says "drawn" in its place.

            {Step(Paired, compared.Select(a => PairedLine(a, SignFlipP(a, study.Results.Arms, study.Results.Trials))))}
            ## Failure marks: trials, and trials with each mark

            In the order {string.Join(", ", MarkShare.All.Select(m => m.Name))}.

            {Step(Marks, arms.Select(a => Line($"{a.Stage} {study.Trials(a.Stage, a.Name).Count()} {string.Join(' ', MarkShare.All.Select(m => m.Of(study, a).Marked))} {a.Name}")))}
            ## Tasks that no trial passed, with their trials

            {Step(Never, study.Results.NeverPassed.OrderBy(n => n.Key, StringComparer.Ordinal).Select(n => Line($"{n.Value} {n.Key}")))}
            {RefusalSteps(study)}{GroupSteps(study)}## One trial, down to its tokens

            The column `trace` of `results.csv` names each trial's ATIF file, relative to the study's folder. `capvec inspect FILE` shows it; `python3 -m json.tool FILE` shows it raw, with the token ids and log-probabilities of every reply.

            ## The direction and the ranking

            They come from the activations and not from `results.csv`: `capvec compute --help` says how to compute them again, `capvec report --help` how to write this folder again.

            """;
    }

    private const string Sqlite = """
        sqlite3 :memory: '.import --csv results.csv trials' \
          "SELECT stage, SUM(reward <> '' AND reward >= 0.5), SUM(reward <> ''), SUM(reward = ''), arm FROM trials GROUP BY stage, arm ORDER BY stage, arm"
        """;

    private static string RefusalSteps(StudyIndex study)
    {
        if (study.Results.Refusals is not { Arms.Count: > 0 } refusals)
            return "";
        var arms = refusals.Arms.Where(a => study.Trials(a.Stage, a.Name).Any(t => TaskGroups.Matches(refusals.Tasks, t.Task))).OrderBy(a => a.Name, StringComparer.Ordinal).ToList();
        var compared = arms.Where(a => a.AgainstBase is not null && a.Trials > 0).ToList();
        var prefix = Refused.Replace("PATTERN", $"{JsonSerializer.Serialize(refusals.Tasks)}", StringComparison.Ordinal);
        IReadOnlyList<TrialRow> outcomes = Refusals.AsOutcome(study.Results.Trials.Where(t => t.Stage == StudyIndex.Test && TaskGroups.Matches(refusals.Tasks, t.Task)));
        return $"""
            ## Refusals on {Markdown.Text(refusals.Tasks)}: what the verdict is about

            A trial is refused when at least half of its replies refuse. The same four computations, of refusals in place of passes. Trials: refused, with a reward, without one.

            {Step(prefix + Counts, arms.Select(a => Line($"{a.Stage} {a.Passed} {a.Trials} {a.Nulls} {a.Name}")))}
            Share refused with Wilson's 95% interval:

            {Step(prefix + Wilson, arms.Where(a => a.Trials > 0).Select(a => Line($"{a.Stage} {a.Rate:F4} {Math.Abs(a.Wilson.Lower):F4} {a.Wilson.Upper:F4} {a.Name}")))}
            Fisher's exact p: greater, less, two-sided; Holm's correction of the two-sided:

            {Step(prefix + Fisher, compared.Select(a => (a, C: a.AgainstBase!)).Select(x => Line($"{x.a.Stage} {Exponent(x.C.FisherGreater)} {Exponent(x.C.FisherLess)} {Exponent(x.C.FisherTwoSided)} {Exponent(x.C.Holm)} {x.a.Name}")))}
            Paired difference to base: tasks, mean over tasks, 95% interval, sign-flip p:

            {Step(prefix + Paired, compared.Select(a => PairedLine(a, SignFlipP(a, refusals.Arms, outcomes))))}

            """;
    }

    private static string GroupSteps(StudyIndex study) => study.Results.Groups.Count == 0 ? "" : $"""
        ## Groups of tasks: trials refused, passed, in all; replies that refuse, in all

        {Step(Groups, study.Results.Groups.OrderBy(g => g.Group, StringComparer.Ordinal).ThenBy(g => g.Arm, StringComparer.Ordinal).Select(g => Line($"{g.Group} {g.Refused} {g.Passed} {g.Trials} {g.Refusing} {g.Replies} {g.Arm}")))}

        """;

    private static string PairedLine(ArmResult arm, string signFlip) =>
        Line($"{arm.Stage} {arm.AgainstBase!.Tasks} {arm.AgainstBase.PairedDifference + 0.0:F4} {arm.AgainstBase.PairedInterval.Lower + 0.0:F4} {arm.AgainstBase.PairedInterval.Upper + 0.0:F4} {signFlip} {arm.Name}");

    /// <summary>The p of a paired difference as a line shows it.</summary>
    /// <param name="arm">The arm.</param>
    /// <param name="arms">Arms among which its base is.</param>
    /// <param name="trials">Trials of its stage, "passed" being the outcome that is compared.</param>
    private static string SignFlipP(ArmResult arm, IEnumerable<ArmResult> arms, IEnumerable<TrialRow> trials)
    {
        var comparison = arm.AgainstBase!;
        var all = trials.Where(t => t.Stage == arm.Stage && t.Reward is not null).ToLookup(t => t.Arm, StringComparer.Ordinal);
        Dictionary<string, double> Rates(string name) => all[name].GroupBy(t => t.Task, StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => (double)g.Count(t => t.Passed) / g.Count(), StringComparer.Ordinal);
        var basis = Rates(arms.FirstOrDefault(a => a.Stage == arm.Stage && a.Kind == ArmKind.Base)?.Name ?? "");
        var differing = Rates(arm.Name).Count(r => basis.TryGetValue(r.Key, out var b) && b != r.Value);
        return differing > SignFlip.MostExact ? "drawn" : comparison.PairedP.ToString("F4", CultureInfo.InvariantCulture);
    }

    private static string Step(string command, IEnumerable<string> expected) => $"{Markdown.Fence("sh", Python(command))}\n{Markdown.Fence("text", string.Join('\n', expected))}";

    private static string Python(string command) => $"python3 - <<'END'\n{Load}{command}\nEND";

    private static string Line(FormattableString line) => line.ToString(CultureInfo.InvariantCulture).ReplaceLineEndings(" ");

    private static string Exponent(double p) => p.ToString("0.000e+00", CultureInfo.InvariantCulture);
}
