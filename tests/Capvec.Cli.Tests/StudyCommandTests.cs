using System.Text.Json;
using Capvec.Tests;

namespace Capvec.Cli.Tests;

public sealed class StudyCommandTests
{
    [Fact]
    public async Task A_study_stopped_by_ctrl_c_keeps_its_trials_and_the_same_command_ends_it()
    {
        Sandbox.Need();
        using var folder = new TemporaryFolder();
        var study = await WriteAsync(folder);
        string[] command = ["run", study, "--out", folder.File("out"), "--at-once", "2"];
        using (var process = CapvecProcess.Start(command))
        {
            // The traces of finished trials are there at once; stop after the third.
            using var watcher = new FileSystemWatcher(folder.Path, "*.json") { IncludeSubdirectories = true };
            var written = 0;
            var third = new TaskCompletionSource();
            watcher.Renamed += (_, _) =>
            {
                if (Interlocked.Increment(ref written) == 3)
                    third.SetResult();
            };
            watcher.EnableRaisingEvents = true;
            var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            await Task.WhenAny(third.Task, process.WaitForExitAsync(TestContext.Current.CancellationToken));
            Interrupt.Send(process);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            process.ExitCode.ShouldBe(130, await error);
            (await error).ShouldContain($"capvec: stopped; every finished trial is kept in {folder.File("out")}");
            (await output).ShouldBeEmpty();
        }

        var unfinished = await CapvecProcess.RunAsync("report", folder.File("out"), "--json");
        unfinished.ExitCode.ShouldBe(0, unfinished.Error);
        unfinished.Json.GetProperty("verdict").GetProperty("kind").GetString().ShouldBe("Incomplete");

        var rest = await CapvecProcess.RunAsync([.. command, "--json"]);
        rest.ExitCode.ShouldBe(0, rest.Error);
        rest.Error.ShouldContain("were there already");
        rest.Json.GetProperty("arms").EnumerateArray().Select(arm => arm.GetProperty("trials").GetInt32()).ShouldBe([24, 6, 6, 6]);
        File.Exists(rest.Json.GetProperty("report").GetString()).ShouldBeTrue();

        var report = await CapvecProcess.RunAsync("report", folder.File("out"));
        report.Output.TrimEnd().Split('\n')[^1].ShouldBe($"verdict: {rest.Json.GetProperty("verdict").GetProperty("sentence").GetString()}");

        var inspected = await CapvecProcess.RunAsync("inspect", folder.File("out"), "--json");
        inspected.Json.GetProperty("kind").GetString().ShouldBe("study");
    }

    [Fact]
    public async Task A_study_that_screens_and_then_tries_the_same_points_reports_how_the_two_agree()
    {
        Sandbox.Need();
        using var folder = new TemporaryFolder();
        var study = await WriteAsync(folder);
        var yaml = (await File.ReadAllTextAsync(study, TestContext.Current.CancellationToken))
            .Replace("  by: held-out-auc", "  by: sweep\n  layers: [3, 11]\n  strengths: [2, 4]\n  attempts: 2", StringComparison.Ordinal)
            .Replace("select:", "screen:\n  layers: [3, 11]\n  strengths: [2, 4]\n  traces: 12\n  target_kl: 0.01\nselect:", StringComparison.Ordinal)
            .Replace("  strengths: [4]\n", "  strengths: chosen\n", StringComparison.Ordinal);
        await File.WriteAllTextAsync(study, yaml, TestContext.Current.CancellationToken);
        var run = await CapvecProcess.RunAsync("run", study, "--out", folder.File("out"), "--json");
        run.ExitCode.ShouldBe(0, run.Error);

        var page = await File.ReadAllTextAsync(run.Json.GetProperty("report").GetString()!, TestContext.Current.CancellationToken);
        page.ShouldContain("Against the trials");
        var research = await File.ReadAllTextAsync(folder.File("out", "report", "RESEARCH.md"), TestContext.Current.CancellationToken);
        research.ShouldContain("4 of its points were tried in the selection stage");
        // The correlation once more, from what the two files say: the order of screen.json against the pass rates of results.csv.
        using var screen = JsonDocument.Parse(await File.ReadAllTextAsync(folder.File("out", "screen.json"), TestContext.Current.CancellationToken));
        var points = screen.RootElement.GetProperty("points").EnumerateArray().Select(p => (Layer: p.GetProperty("layer").GetInt32(), Strength: p.GetProperty("strength").GetDouble())).ToList();
        var results = await File.ReadAllLinesAsync(folder.File("out", "report", "results.csv"), TestContext.Current.CancellationToken);
        var header = results[0].Split(',').ToList();
        var tried = results.Skip(1).Select(l => l.Split(',')).Where(c => c[header.IndexOf("stage")] == "selection" && c[header.IndexOf("kind")] == "steered").ToList();
        tried.Count.ShouldBe(4 * 3 * 2);
        var rates = points.Select(p => tried.Where(c => c[header.IndexOf("layers")] == $"{p.Layer}" && double.Parse(c[header.IndexOf("strength")], System.Globalization.CultureInfo.InvariantCulture) == p.Strength).Average(c => c[header.IndexOf("reward")] == "1" ? 1.0 : 0)).ToList();
        var rho = Experiments.Statistics.Spearman.Correlation([-1, -2, -3, -4], rates);
        research.ShouldContain(double.IsNaN(rho) ? "all with the same pass rate" : $"measured pass rates is {(rho == 0 ? "0" : rho.ToString("0.000", System.Globalization.CultureInfo.InvariantCulture).Replace('-', '−'))} [");
    }

    [Fact]
    public async Task An_unknown_key_of_a_study_is_told_with_its_line()
    {
        using var folder = new TemporaryFolder();
        var study = await WriteAsync(folder);
        await File.AppendAllTextAsync(study, "colour: red\n", TestContext.Current.CancellationToken);
        foreach (var command in new[] { "run", "sweep" })
        {
            var run = await CapvecProcess.RunAsync(command, study, "--out", folder.File("out"));
            run.ExitCode.ShouldBe(2);
            run.ErrorLines.ShouldHaveSingleItem().ShouldContain("study.yaml:27:1: unknown key 'colour'");
            Directory.Exists(folder.File("out")).ShouldBeFalse();
        }
    }

    /// <summary>A study of few trials over tasks that the phantom solves now and then.</summary>
    private static async Task<string> WriteAsync(TemporaryFolder folder)
    {
        var path = folder.File("study.yaml");
        await File.WriteAllTextAsync(path, $$"""
            name: small
            question: Does it go on?
            model: {{Repository.File("models/phantom/checkpoint")}}
            tasks:
              folder: {{Repository.File("tasks/sprint")}}
              split: half
            seed: 3
            collect:
              arms: [base]
              attempts: 8
            direction:
              positives: [{arm: base, outcome: solved}]
              negatives: [{arm: base, outcome: failed}]
            strength_unit: difference
            select:
              by: held-out-auc
            sweep:
              attempts: 2
              layers: chosen
              strengths: [4]
            controls:
              alpha_zero: false
              against_itself: false
              negative: false
            compute:
              permutations: 50

            """, TestContext.Current.CancellationToken);
        return path;
    }
}
