using System.Globalization;
using Capvec.Agents.Traces;
using Capvec.Experiments.Results;

namespace Capvec.Reports.Tests.Samples;

/// <summary>Made-up studies whose figures are like those of real ones, the same at every run.</summary>
internal static class SampleStudy
{
    private static readonly string[] Families =
    [
        "count-matches", "decode-secret", "delete-empty", "extract-field", "find-duplicates", "largest-file", "log-summary", "make-archive", "median-value",
        "merge-files", "move-by-extension", "rename-files", "replace-text", "reverse-lines", "sort-numbers", "sum-column", "unique-lines", "write-file",
    ];

    private static readonly string[] Unsolvable = ["decode-secret", "median-value"];

    public static IReadOnlyList<SampleArm> TestArms { get; } =
    [
        new("base", ArmKind.Base, 0.49),
        new("base again", ArmKind.AgainstItself, 0.49),
        new("L3 ×0", ArmKind.AlphaZero, 0.49, [3], 0),
        new("L3 ×2", ArmKind.Steered, 0.62, [3], 2),
        new("L3 ×4", ArmKind.Steered, 0.80, [3], 4, Lost: 0.02),
        new("L3 ×8", ArmKind.Steered, 0.30, [3], 8, 0.9),
        new("L3 ×−2", ArmKind.Negative, 0.47, [3], -2),
        new("L3 ×−4", ArmKind.Negative, 0.40, [3], -4),
        new("L3 random 1 ×4", ArmKind.Random, 0.48, [3], 4),
        new("L3 random 2 ×4", ArmKind.Random, 0.47, [3], 4),
        new("sft", ArmKind.Adapter, 0.958, Unreadable: 0.02),
        new("dpo", ArmKind.Adapter, 0.021, Unreadable: 0.5),
    ];

    /// <summary>The arms whose trials made the traces, in a study that has a selection stage.</summary>
    private static SampleArm[] Traces { get; } = [new("base", ArmKind.Base, 0.49), new("cp600", ArmKind.Adapter, 0.479)];

    /// <summary>A whole study: selection on half of the tasks, test on the other half, traces on disk.</summary>
    public static StudyResults Whole(string folder, IReadOnlyList<SampleArm>? testArms = null, int attempts = 10, Func<string, string>? taskName = null, string replyExtra = "", bool traces = true)
    {
        var selection = new List<SampleArm> { new("base", ArmKind.Base, 0.49) };
        foreach (var layer in new[] { 3, 7, 11 })
        {
            foreach (var strength in new[] { -1.0, 1, 2, 4 })
                selection.Add(new($"L{layer} ×{strength.ToString(CultureInfo.InvariantCulture).Replace('-', '−')}", strength < 0 ? ArmKind.Negative : ArmKind.Steered, 0.49 + (Math.Max(0, strength) * (layer == 7 ? 0.03 : 0.07)), [layer], strength));
            selection.Add(new($"L{layer} random ×4", ArmKind.Random, 0.48, [layer], 4));
        }

        selection.Add(new("L4–10 ×0.5", ArmKind.Steered, 0.7, [4, 5, 6, 7, 8, 9, 10], 0.5));
        selection.Add(new("L4–10 ×1", ArmKind.Steered, 0, [4, 5, 6, 7, 8, 9, 10], 1, 1));
        return Make(folder, testArms ?? TestArms, selection, attempts, taskName ?? (t => t), replyExtra, traces);
    }

    /// <summary>A study from arms of its stages.</summary>
    public static StudyResults Make(string folder, IReadOnlyList<SampleArm> test, IReadOnlyList<SampleArm> selection, int attempts, Func<string, string> taskName, string replyExtra, bool traces)
    {
        var random = new Random(7);
        var trials = new List<TrialRow>();
        foreach (var (stage, arms, number) in new[] { ("collect", selection.Count > 0 ? Traces : [], 1), ("selection", selection, 1), ("test", test, 2) })
        {
            foreach (var arm in arms)
            {
                foreach (var family in Families)
                {
                    for (var attempt = 0; attempt < attempts; attempt++)
                    {
                        var task = taskName(string.Create(CultureInfo.InvariantCulture, $"{family}-{number}"));
                        var copied = arm.Kind == ArmKind.AlphaZero ? trials.FirstOrDefault(t => t.Stage == stage && t.Arm == "base" && t.Task == task && t.Attempt == attempt) : null;
                        trials.Add(copied is null ? Trial(random, stage, arm, family, task, attempt) : copied with { Arm = arm.Name, TracePath = $"traces/{stage}/x/{family}-{attempt}.json" });
                    }
                }
            }
        }

        if (traces)
        {
            // Only pairs that ended differently can be shown, and a page shows them of the steered arm that does best.
            var candidate = test.Where(a => a.Kind == ArmKind.Steered).MaxBy(a => a.Rate)?.Name;
            var shown = trials.Where(t => t.Stage == "test" && (t.Arm == "base" || t.Arm == candidate)).GroupBy(t => (t.Task, t.Attempt)).Where(g => g.Select(t => t.Reward).Distinct().Count() > 1);
            foreach (var trial in shown.SelectMany(g => g))
                SampleTrace.Write(folder, trial, replyExtra);
        }

        var armResults = SampleStatistics.Arms("test", test, trials).Concat(SampleStatistics.Arms("selection", selection, trials)).Concat(SampleStatistics.Arms("collect", selection.Count > 0 ? Traces : [], trials)).ToList();
        var never = trials.Where(t => t.Reward is not null).GroupBy(t => t.Task).Where(g => !g.Any(t => t.Passed)).OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => KeyValuePair.Create(g.Key, g.Count())).ToList();
        return Empty(folder) with
        {
            Arms = armResults,
            Trials = trials,
            NeverPassed = never,
            Candidate = test.Where(a => a.Kind == ArmKind.Steered).MaxBy(a => a.Rate)?.Name,
            Ranking = Ranking(12),
            Audit = new(4, 0.963, ["layer 4: the direction may be mostly arm: no positive is like any negative in it, so the two cannot be told apart; its scores tell it with AUC 0.981"],
                [new("arm", 0.981, 0, null), new("turns", 0.724, 1_204, 0.912)]),
            Verdict = VerdictOf(armResults),
        };
    }

    /// <summary>A study before its first trial.</summary>
    public static StudyResults Empty(string folder) => new()
    {
        Name = "phantom-same-model",
        Question = "Does the same-model direction raise the phantom's pass rate, and do random directions of the same length not?",
        Yaml = "# The layer is chosen on one half of the tasks and tested on the other.\nname: phantom-same-model\nmodel: models/phantom/checkpoint\ntasks: tasks/full\nattempts: 10\narms:\n  - base\n  - steered: { layers: [3, 7, 11], strengths: [-1, 1, 2, 4] }\n  - random: { draws: 2 }\nseed: 7\n",
        Folder = folder,
        StrengthUnit = "difference",
        Facts =
        [
            new("Model", "models/phantom/checkpoint, 8,451,120 parameters, sha256 5f0c2a1e9b7d4c36"),
            new("Tasks", "tasks/full, 36 tasks in two halves of 18"),
            new("Attempts", "10 of each task by each arm"),
            new("Sampling", "temperature 0.8, at most 200 tokens a reply, at most 6 replies"),
            new("Seed", "7"),
            new("Sandbox", "namespaces"),
            new("Machine", "2 cores, AVX-512, 24 GiB"),
            new("Time", "2026-11-23 13:30 to 13:31 UTC, 41 s of trials"),
            new("Capvec", "0.1.0"),
        ],
        Contrast = "Positives are the base model's own traces that solved their task, negatives its traces that failed; tasks that no trace solved are left out. Estimator: mean difference of the residual stream, averaged over the agent's own tokens.",
        Verdict = new(VerdictKind.Incomplete, "There is no verdict yet: no trial of the test stage is finished.", []),
        Arms = [],
        Ranking = [],
        Trials = [],
        NeverPassed = [],
    };

    /// <summary>A ranking like the phantom's.</summary>
    public static IReadOnlyList<LayerRank> Ranking(int layers) =>
    [
        .. Enumerable.Range(0, layers).Select(b => new LayerRank(b, 0.93 + (0.043 * Math.Sin(b * 2.6 / layers)), 11.7 + (52.7 * b / layers), 84, 94,
            0.925 + (0.047 * Math.Sin(b * 2.6 / layers)), b == 1 ? 0.004 : 0.001, 59.3 + (14 * b), b == Math.Min(3, layers - 1))),
    ];

    private static Verdict VerdictOf(List<ArmResult> arms)
    {
        var basis = arms.FirstOrDefault(a => a is { Stage: "test", Kind: ArmKind.Base });
        var best = arms.Where(a => a is { Stage: "test", Kind: ArmKind.Steered, AgainstBase: not null }).MaxBy(a => a.AgainstBase!.PairedDifference);
        if (basis is null || best?.AgainstBase is not { } c)
            return new(VerdictKind.Incomplete, "There is no verdict: base stands alone.", []);
        return new(VerdictKind.Lift, string.Create(CultureInfo.InvariantCulture,
            $"Steering layer 3 with strength 4 raises the pass rate from {basis.Rate * 100:F1}% ({basis.Passed}/{basis.Trials}) to {best.Rate * 100:F1}% ({best.Passed}/{best.Trials}), p < 0.001 after Holm; random directions of the same length do not."),
            ["Layer 3 and strength 4 were chosen on 18 other tasks; 14 candidates were tried there.", "Two of 18 test tasks were passed by no arm.", "A strength of 8 breaks the replies: the dose curve turns down."]);
    }

    private static TrialRow Trial(Random random, string stage, SampleArm arm, string family, string task, int attempt)
    {
        var solvable = !Unsolvable.Contains(family);
        var difficulty = solvable ? 1 + (0.25 * Math.Sin(family.Length * 1.7)) : 0;
        var passed = random.NextDouble() < Math.Min(0.99, arm.Rate * difficulty);
        var lost = random.NextDouble() < arm.Lost;
        var unreadable = random.NextDouble() < arm.Unreadable ? random.Next(1, 4) : 0;
        var marks = new TrialMarks
        {
            ParseFail = unreadable,
            NoCmd = !passed && random.NextDouble() < 0.3 ? random.Next(1, 5) : 0,
            EarlyDone = !passed && random.NextDouble() < 0.15 ? 1 : 0,
            LengthCut = unreadable > 1 ? 1 : 0,
            Refusal = !passed && random.NextDouble() < 0.05 ? 6 : 0,
            Loop = random.NextDouble() < 0.03 ? 1 : 0,
        };
        var seed = ((ulong)Math.Abs(family.Sum(c => c) * 7919) * 1000003UL) + (ulong)attempt + (stage == "test" ? 1UL << 63 : 0) + (arm.Kind == ArmKind.AgainstItself ? 77UL : 0);
        return new(stage, arm.Name, task, attempt, seed, lost ? null : passed ? 1 : 0, lost ? "the verifier ran out of time after 600 s, \"bash\" was ended" : null,
            random.Next(2, 7), random.Next(120, 480), marks, string.Create(CultureInfo.InvariantCulture, $"traces/{stage}/{Safe(arm.Name)}/{family}-{attempt}.json"),
            new DateTimeOffset(2026, 11, 23, 13, 30, attempt, TimeSpan.Zero), Math.Round(0.2 + random.NextDouble(), 3)) { TokensHash = random.NextInt64().ToString("x", CultureInfo.InvariantCulture) };
    }

    private static string Safe(string name) => string.Concat(name.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '_'));
}
