using System.Globalization;
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
        rows = [r for r in csv.DictReader(open("results.csv", newline="", encoding="utf-8")) if r["stage"] in ("selection", "test")]
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
        import random
        def differences(stage, arm):
            rate = lambda a: {t: sum(map(passed, x)) / len(x) for t, x in by_task(stage, a).items()}
            left, right = rate(base[stage]), rate(arm)
            return [right[t] - left[t] for t in sorted(set(left) & set(right))]
        def by_task(stage, arm):
            tasks = defaultdict(list)
            for r in counted(stage, arm): tasks[r["task"]].append(r)
            return tasks
        for s, a in arms:
            if s in base and kind[s, a] != "base":
                d = differences(s, a)
                if d: print(s, len(d), "%.4f" % (sum(d) / len(d) + 0.0), a)
        """;

    private const string Flips = """
        rng = random.Random(1)
        for s, a in arms:
            if s in base and kind[s, a] != "base":
                d = differences(s, a)
                if len(d) < 2: continue
                mean, flips = abs(sum(d)), 20000
                p = sum(abs(sum(x if rng.random() < 0.5 else -x for x in d)) >= mean - 1e-9 for _ in range(flips)) / flips
                error = math.sqrt(sum((x - sum(d) / len(d)) ** 2 for x in d) / (len(d) * (len(d) - 1)))
                print(s, "p about %.4f, standard error %.4f" % (p, error), a)
        """;

    private const string Marks = """
        names = ["parse_fail", "no_cmd", "early_done", "length_cut", "refusal", "loop", "timeout"]
        for s, a in arms:
            print(s, len(of(s, a)), *[sum(int(r[m]) > 0 for r in of(s, a)) for m in names], a)
        """;

    private const string Never = """
        tasks = defaultdict(list)
        for r in csv.DictReader(open("results.csv", newline="", encoding="utf-8")): tasks[r["task"]].append(r)
        for t in sorted(tasks):
            if not any(r["reward"] != "" and passed(r) for r in tasks[t]): print(len(tasks[t]), t)
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
            ## Paired difference to base: tasks, mean over tasks

            {Step(Paired, compared.Select(a => (a, C: a.AgainstBase!)).Select(x => Line($"{x.a.Stage} {x.C.Tasks} {x.C.PairedDifference + 0.0:F4} {x.a.Name}")))}
            The sign-flip p is drawn at random, so a recomputed one is near the report's and not equal to it. The interval is the difference and about two standard errors either way.

            {Markdown.Fence("sh", Python(Paired[..Paired.IndexOf("for s, a in arms", StringComparison.Ordinal)] + Flips))}
            The report has:

            {Markdown.Fence("text", string.Join('\n', compared.Select(a => Line($"{a.Stage} p {a.AgainstBase!.PairedP:F4}, interval {a.AgainstBase.PairedInterval.Lower:F4} to {a.AgainstBase.PairedInterval.Upper:F4} {a.Name}"))))}
            ## Failure marks: trials, and trials with each mark

            In the order {string.Join(", ", MarkShare.All.Select(m => m.Name)).Replace("_", "\\_", StringComparison.Ordinal)}.

            {Step(Marks, arms.Select(a => Line($"{a.Stage} {study.Trials(a.Stage, a.Name).Count()} {string.Join(' ', MarkShare.All.Select(m => m.Of(study, a).Marked))} {a.Name}")))}
            ## Tasks that no trial passed, with their trials

            {Step(Never, study.Results.NeverPassed.OrderBy(n => n.Key, StringComparer.Ordinal).Select(n => Line($"{n.Value} {n.Key}")))}
            ## One trial, down to its tokens

            The column `trace` of `results.csv` names each trial's ATIF file, relative to the study's folder. `capvec inspect FILE` shows it; `python3 -m json.tool FILE` shows it raw, with the token ids and log-probabilities of every reply.

            ## The direction and the ranking

            They come from the activations and not from `results.csv`: `capvec compute --help` says how to compute them again, `capvec report --help` how to write this folder again.

            """;
    }

    private const string Sqlite = """
        sqlite3 :memory: '.import --csv results.csv trials' \
          "SELECT stage, SUM(reward <> '' AND reward >= 0.5), SUM(reward <> ''), SUM(reward = ''), arm FROM trials WHERE stage IN ('selection', 'test') GROUP BY stage, arm ORDER BY stage, arm"
        """;

    private static string Step(string command, IEnumerable<string> expected) => $"{Markdown.Fence("sh", Python(command))}\n{Markdown.Fence("text", string.Join('\n', expected))}";

    private static string Python(string command) => $"python3 - <<'END'\n{Load}{command}\nEND";

    private static string Line(FormattableString line) => line.ToString(CultureInfo.InvariantCulture).ReplaceLineEndings(" ");

    private static string Exponent(double p) => p.ToString("0.000e+00", CultureInfo.InvariantCulture);
}
