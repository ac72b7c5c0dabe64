using System.Text.Json;
using Capvec.Formats.Safetensors;
using Capvec.Tests;

namespace Capvec.Cli.Tests;

public sealed class AgentCommandTests
{
    private const string Model = "models/phantom/checkpoint";

    [Fact]
    public async Task Collect_capture_compute_and_steer_follow_each_other()
    {
        Sandbox.Need();
        using var folder = new TemporaryFolder();
        string[] collect = ["collect", "--model", Model, "--tasks", "tasks/sprint", "--attempts", "3", "--seed", "5", "--out", folder.File("traces"), "--json"];
        var collected = await CapvecProcess.RunAsync(collect);
        collected.ExitCode.ShouldBe(0, collected.Error);
        var (passed, failed) = (collected.Json.GetProperty("passed").GetInt32(), collected.Json.GetProperty("failed").GetInt32());
        (passed + failed).ShouldBe(18);
        collected.Json.GetProperty("null").GetInt32().ShouldBe(0);
        failed.ShouldBeGreaterThanOrEqualTo(3); // median-value cannot be solved
        passed.ShouldBeGreaterThan(1);
        collected.Json.GetProperty("marks").EnumerateObject().Select(mark => mark.Name).ShouldBe(["parse_fail", "no_cmd", "early_done", "length_cut", "refusal", "loop", "timeout"]);
        Directory.EnumerateFiles(folder.File("traces"), "*.json", SearchOption.AllDirectories).Count().ShouldBe(18);

        // A trace that is missing is made again, to the letter; the others are left alone.
        var lost = folder.File("traces", "base", "sum-column.1.json");
        var before = JsonDocument.Parse(await File.ReadAllTextAsync(lost, TestContext.Current.CancellationToken)).RootElement;
        File.Delete(lost);
        var again = await CapvecProcess.RunAsync(collect);
        again.Error.ShouldContain("17 of 18 trials are there already");
        again.Json.GetProperty("passed").GetInt32().ShouldBe(passed);
        var after = JsonDocument.Parse(await File.ReadAllTextAsync(lost, TestContext.Current.CancellationToken)).RootElement;
        Messages(after).ShouldBe(Messages(before));

        var other = await CapvecProcess.RunAsync([.. collect, "--temperature", "0.5"]);
        other.ExitCode.ShouldBe(2);
        other.Error.ShouldContain("other settings");

        var captured = await CapvecProcess.RunAsync("capture", "--model", Model, "--traces", folder.File("traces"), "--out", folder.File("a.safetensors"), "--json");
        captured.ExitCode.ShouldBe(0, captured.Error);
        captured.Json.GetProperty("positives").GetInt32().ShouldBe(passed);
        captured.Json.GetProperty("negatives").GetInt32().ShouldBe(failed);

        var computed = await CapvecProcess.RunAsync("compute", "--activations", folder.File("a.safetensors"), "--permutations", "50", "--out", folder.File("v"), "--json");
        computed.ExitCode.ShouldBe(0, computed.Error);
        computed.Json.GetProperty("layers").GetArrayLength().ShouldBe(12);
        computed.Json.GetProperty("audit").GetArrayLength().ShouldBeGreaterThan(0);
        var atOnce = await CapvecProcess.RunAsync("compute", "--traces", folder.File("traces"), "--model", Model, "--permutations", "0", "--out", folder.File("w"), "--json");
        atOnce.Json.GetProperty("directions_hash").GetString().ShouldBe(computed.Json.GetProperty("directions_hash").GetString());
        foreach (var name in new[] { "dir.pt", "dir.safetensors", "ranking.csv", "ranking.json", "audit.json" })
            File.Exists(folder.File("v", name)).ShouldBeTrue();

        var discriminant = await CapvecProcess.RunAsync("compute", "--activations", folder.File("a.safetensors"), "--estimator", "lda", "--orthogonal-to", "turns", "--winsorise", "0.99", "--permutations", "20", "--out", folder.File("x"), "--json");
        discriminant.ExitCode.ShouldBe(0, discriminant.Error);
        discriminant.Json.GetProperty("estimator").GetString().ShouldBe("lda, orthogonal to turns");
        discriminant.Json.GetProperty("directions_hash").GetString().ShouldNotBe(computed.Json.GetProperty("directions_hash").GetString());

        // The same contrast with few traces, with its labels and with labels dealt out again.
        string[] small = ["compute", "--activations", folder.File("a.safetensors"), "--take", "2/3", "--seed", "1", "--json", "--out"];
        var few = await CapvecProcess.RunAsync([.. small, folder.File("few")]);
        few.ExitCode.ShouldBe(0, few.Error);
        (few.Json.GetProperty("positives").GetInt32(), few.Json.GetProperty("negatives").GetInt32()).ShouldBe((2, 3));
        var dealt = await CapvecProcess.RunAsync([.. small, folder.File("dealt"), "--shuffle-labels", "1"]);
        (dealt.Json.GetProperty("positives").GetInt32(), dealt.Json.GetProperty("negatives").GetInt32()).ShouldBe((2, 3));
        dealt.Json.GetProperty("directions_hash").GetString().ShouldNotBe(few.Json.GetProperty("directions_hash").GetString());
        var many = await CapvecProcess.RunAsync([.. small[..3], "--take", "99/2", "--out", folder.File("many")]);
        (many.ExitCode, many.ErrorLines.Length).ShouldBe((2, 1));
        many.Error.ShouldContain("99 positives and 2 negatives cannot be taken");
        (await CapvecProcess.RunAsync([.. small[..3], "--positive-arms", "sft", "--out", folder.File("many")])).Error.ShouldContain("--positive-arms sft: there is no such arm; there are base");

        var estimators = await CapvecProcess.RunAsync("estimators", "--activations", folder.File("a.safetensors"), "--shuffles", "3", "--out", folder.File("e.csv"), "--json");
        estimators.ExitCode.ShouldBe(0, estimators.Error);
        var table = estimators.Json.GetProperty("estimators").EnumerateArray().ToDictionary(e => e.GetProperty("estimator").GetString()!, e => e.GetProperty("auc_held_out").EnumerateArray().Select(a => a.ValueKind == JsonValueKind.Null ? double.NaN : a.GetDouble()).ToArray());
        table.Count.ShouldBe(9);
        foreach (var layer in computed.Json.GetProperty("layers").EnumerateArray())
            table["mean-difference"][layer.GetProperty("layer").GetInt32()].ShouldBe(layer.GetProperty("auc_held_out").GetDouble(), 1e-9);
        (await File.ReadAllLinesAsync(folder.File("e.csv"), TestContext.Current.CancellationToken)).Length.ShouldBe(1 + (9 * 12));

        // Strength 0 gives the trials of base, token for token.
        var zero = await CapvecProcess.RunAsync(
            "collect", "--model", Model, "--tasks", "tasks/sprint", "--attempts", "1", "--seed", "5", "--vector", folder.File("v"), "--layer", "3", "--alpha", "0", "--arm", "zero", "--out", folder.File("zero"), "--json");
        zero.ExitCode.ShouldBe(0, zero.Error);
        var compared = await CapvecProcess.RunAsync("compare", "--traces", folder.File("traces"), folder.File("zero"), "--json");
        compared.ExitCode.ShouldBe(0, compared.Error);
        var arm = compared.Json.GetProperty("arms").EnumerateArray().Single(a => a.GetProperty("arm").GetString() == "zero");
        new[] { "trials", "paired", "same_outcome", "same_tokens" }.Select(key => arm.GetProperty(key).GetInt32()).ShouldAllBe(n => n == 6);
        arm.GetProperty("passed").GetInt32().ShouldBe(zero.Json.GetProperty("passed").GetInt32());
        (await CapvecProcess.RunAsync("compare", "--traces", folder.File("zero"), "--base", "base")).Error.ShouldContain("there is no trace of the arm base; there are zero");

        // The screen reads trials that the direction was not made from, and none of those that it was.
        string[] screen = ["screen", "--model", Model, "--vectors", folder.File("v", "dir.safetensors"), "--layers", "3,11", "--strengths", "0.5,1", "--unit", "margin", "--out", folder.File("s.json"), "--json", "--traces"];
        var known = await CapvecProcess.RunAsync([.. screen, folder.File("traces")]);
        known.ExitCode.ShouldBe(1);
        var fresh = await CapvecProcess.RunAsync("collect", "--model", Model, "--tasks", "tasks/sprint", "--attempts", "2", "--seed", "6", "--arm", "fresh", "--out", folder.File("more"), "--json");
        var screened = await CapvecProcess.RunAsync([.. screen, folder.File("more"), folder.File("zero")]);
        screened.ExitCode.ShouldBe(0, screened.Error);
        screened.Error.ShouldContain("6 traces that were written under steering are left out");
        (await CapvecProcess.RunAsync([.. screen, folder.File("zero")])).Error.ShouldContain("every trace with a reward was written under steering");
        (await CapvecProcess.RunAsync([.. screen, folder.File("more"), "--adapter", "models/phantom/adapters/sft"])).Error.ShouldContain("without the adapter");
        screened.Json.GetProperty("solved").GetInt32().ShouldBe(fresh.Json.GetProperty("passed").GetInt32());
        screened.Json.GetProperty("failed").GetInt32().ShouldBe(fresh.Json.GetProperty("failed").GetInt32());
        var points = screened.Json.GetProperty("points").EnumerateArray().ToList();
        points.Count.ShouldBe(4);
        var margins = computed.Json.GetProperty("layers").EnumerateArray().ToDictionary(l => l.GetProperty("layer").GetInt32(), l => l.GetProperty("margin").GetDouble());
        double Kl(int layer, double strength) => points.Single(p => p.GetProperty("layer").GetInt32() == layer && p.GetProperty("strength").GetDouble() == strength).GetProperty("kl").GetDouble();
        Kl(3, 1).ShouldBeGreaterThan(Kl(3, 0.5));
        foreach (var point in points)
        {
            var strength = point.GetProperty("strength").GetDouble();
            point.GetProperty("alpha").GetDouble().ShouldBe(strength * margins[point.GetProperty("layer").GetInt32()], 1e-4);
            point.GetProperty("kl").GetDouble().ShouldBeGreaterThan(0);
        }

        var steered = await CapvecProcess.RunAsync("steer", "--model", Model, "--prompt", "Count the lines of a.txt.", "--vector", folder.File("v", "dir.pt"), "--layer", "4-10", "--alpha", "40", "--json");
        steered.ExitCode.ShouldBe(0, steered.Error);
        steered.Json.GetProperty("plain").GetProperty("text").GetString().ShouldNotBe(steered.Json.GetProperty("steered").GetProperty("text").GetString());

        // The control: the same command with random directions in the place of these, the same ones for the same seed.
        string[] control = ["steer", "--model", Model, "--prompt", "Count the lines of a.txt.", "--vector", folder.File("v", "dir.pt"), "--layer", "4-10", "--alpha", "40", "--json", "--random-direction"];
        static string? Fingerprint(CapvecRun run) => run.Json.GetProperty("steering").GetString();
        var fingerprints = new List<string?> { Fingerprint(steered) };
        foreach (var seed in new[] { "1", "2", "1" })
            fingerprints.Add(Fingerprint(await CapvecProcess.RunAsync([.. control, seed])));
        fingerprints[3].ShouldBe(fingerprints[1]);
        fingerprints.Distinct().Count().ShouldBe(3);

        var inspected = await CapvecProcess.RunAsync("inspect", folder.File("v", "dir.pt"), "--json");
        inspected.Json.GetProperty("directions").GetBoolean().ShouldBeTrue();
    }

    [Fact]
    public async Task Directions_are_made_of_pairs_and_of_text_files_too()
    {
        using var folder = new TemporaryFolder();
        string[] positive = ["I will list the files first.", "First I read the log.", "Let me count the lines of it.", "I check what is there."];
        string[] negative = ["I'm sorry, I cannot do that.", "I am an AI and must refuse.", "That is not possible for me.", "I cannot help with it."];
        await File.WriteAllLinesAsync(folder.File("p.csv"), positive.Zip(negative, (p, n) => $"\"{p}\",\"{n}\"").Prepend("positive,negative"), TestContext.Current.CancellationToken);
        await File.WriteAllLinesAsync(folder.File("p.jsonl"), positive.Zip(negative, (p, n) => JsonSerializer.Serialize(new { positive = p, negative = n })), TestContext.Current.CancellationToken);
        await File.WriteAllLinesAsync(folder.File("good.txt"), positive, TestContext.Current.CancellationToken);
        await File.WriteAllLinesAsync(folder.File("bad.txt"), negative, TestContext.Current.CancellationToken);
        string[] common = ["compute", "--model", Model, "--permutations", "0", "--json", "--out"];
        var csv = await CapvecProcess.RunAsync([.. common, folder.File("a"), "--pairs", folder.File("p.csv"), "--estimator", "within-tasks"]);
        csv.ExitCode.ShouldBe(0, csv.Error);
        csv.Json.GetProperty("positives").GetInt32().ShouldBe(4);
        var hash = csv.Json.GetProperty("directions_hash").GetString();
        (await CapvecProcess.RunAsync([.. common, folder.File("b"), "--pairs", folder.File("p.jsonl"), "--estimator", "within-tasks"])).Json.GetProperty("directions_hash").GetString().ShouldBe(hash);
        // One positive and one negative a pair: the mean of the differences is the difference of the means, up to the last bits.
        var texts = await CapvecProcess.RunAsync([.. common, folder.File("c"), "--positive-texts", folder.File("good.txt"), "--negative-texts", folder.File("bad.txt")]);
        static double Margin(CapvecRun run) => run.Json.GetProperty("layers").EnumerateArray().Single(l => l.GetProperty("layer").GetInt32() == 5).GetProperty("margin").GetDouble();
        Margin(texts).ShouldBe(Margin(csv), 1e-4);
        var chat = await CapvecProcess.RunAsync([.. common, folder.File("d"), "--pairs", folder.File("p.csv"), "--chat", "--last-token"]);
        chat.ExitCode.ShouldBe(0, chat.Error);
        chat.Json.GetProperty("directions_hash").GetString().ShouldNotBe(hash);

        // The screen reads the same pairs, each under a direction that was made without it.
        string[] screen = ["screen", "--model", Model, "--pairs", folder.File("p.csv"), "--layers", "5,9", "--strengths", "0.5,1", "--kl-bound", "100", "--out", folder.File("s.json"), "--json"];
        var screened = await CapvecProcess.RunAsync(screen);
        screened.ExitCode.ShouldBe(0, screened.Error);
        (screened.Json.GetProperty("solved").GetInt32(), screened.Json.GetProperty("failed").GetInt32()).ShouldBe((4, 4));
        screened.Json.GetProperty("points").EnumerateArray().Select(p => (p.GetProperty("layer").GetInt32(), p.GetProperty("strength").GetDouble())).Order().ShouldBe([(5, 0.5), (5, 1), (9, 0.5), (9, 1)]);
        foreach (var point in screened.Json.GetProperty("points").EnumerateArray().Where(p => p.GetProperty("layer").GetInt32() == 5))
            point.GetProperty("alpha").GetDouble().ShouldBe(Margin(csv) * point.GetProperty("strength").GetDouble(), 1e-3);
        var random = await CapvecProcess.RunAsync([.. screen, "--random-direction", "4"]);
        random.ExitCode.ShouldBe(0, random.Error);
        // The same strengths, but directions that know nothing: less of a difference between the two sides.
        double[] Effects(CapvecRun run) => [.. run.Json.GetProperty("points").EnumerateArray().OrderBy(p => (p.GetProperty("layer").GetInt32(), p.GetProperty("strength").GetDouble())).Select(p => Math.Abs(p.GetProperty("effect").GetDouble()))];
        Effects(screened).Zip(Effects(random)).ShouldAllBe(pair => pair.First > pair.Second);
        (await CapvecProcess.RunAsync([.. screen, "--vectors", folder.File("a")])).ExitCode.ShouldBe(2);
        (await CapvecProcess.RunAsync([.. screen[..3], "--out", folder.File("s.json")])).Error.ShouldContain("either --vectors with --traces is needed");

        await File.WriteAllTextAsync(folder.File("bad.jsonl"), "{\"positive\": \"a\"}\n", TestContext.Current.CancellationToken);
        var lacking = await CapvecProcess.RunAsync([.. common, folder.File("e"), "--pairs", folder.File("bad.jsonl")]);
        lacking.ExitCode.ShouldBe(1);
        lacking.Error.ShouldContain("bad.jsonl:1: there is no 'negative'");
        (await CapvecProcess.RunAsync([.. common, folder.File("e"), "--positive-texts", folder.File("good.txt")])).Error.ShouldContain("needs --negative-texts");
    }

    [Fact]
    public async Task Steer_with_strength_0_prints_the_same_text_twice()
    {
        using var folder = new TemporaryFolder();
        new SafetensorsWriter().Add("v", [12, 256], Enumerable.Repeat(1f, 12 * 256).ToArray()).Write(folder.File("v.safetensors"));
        var run = await CapvecProcess.RunAsync("steer", "--model", Model, "--prompt", "Count.", "--temperature", "1", "--seed", "9", "--vector", folder.File("v.safetensors"), "--layer", "3", "--alpha", "0");
        run.ExitCode.ShouldBe(0, run.Error);
        var parts = run.Output.Split("--- ");
        parts.Length.ShouldBe(3);
        parts[1]["plain\n".Length..].ShouldBe(parts[2][(parts[2].IndexOf('\n', StringComparison.Ordinal) + 1)..]);
    }

    [Fact]
    public async Task A_task_without_tests_is_refused_before_anything_runs()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.File("task", "environment"));
        foreach (var name in new[] { "task.toml", "instruction.md", "environment/Dockerfile" })
            File.Copy(Repository.File("tasks/sprint/sum-column", name), folder.File("task", name));
        var run = await CapvecProcess.RunAsync("collect", "--model", Model, "--tasks", folder.File("task"), "--out", folder.File("traces"));
        run.ExitCode.ShouldBe(1);
        run.ErrorLines.ShouldHaveSingleItem().ShouldContain("tests/test.sh");
        Directory.Exists(folder.File("traces")).ShouldBeFalse();
    }

    private static string[] Messages(JsonElement trace) => [.. trace.GetProperty("steps").EnumerateArray().Select(step => step.GetProperty("message").GetString()!)];
}
