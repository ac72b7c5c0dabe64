using System.ComponentModel;
using System.Diagnostics;
using System.Text.RegularExpressions;
using Capvec.Reports.Tests.Pages;
using Capvec.Reports.Tests.Samples;

namespace Capvec.Reports.Tests.Bundle;

public sealed partial class VerifyTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Every_command_of_VERIFY_prints_what_it_says(bool hostileNames)
    {
        using var scratch = new ScratchFolder();
        var study = hostileNames ? HostileTextTests.Poisoned(scratch.Path, 4) : SampleStudy.Whole(scratch.Path, traces: false);
        ReportWriter.Write(study, scratch.File("report"));
        var text = File.ReadAllText(scratch.File("report/VERIFY.md"));
        var steps = Step().Matches(text).Select(m => (Command: m.Groups[1].Value, Expected: m.Groups[2].Value)).ToList();

        steps.Count.ShouldBe(6);
        foreach (var (command, expected) in steps)
        {
            expected.Split('\n').Length.ShouldBeGreaterThanOrEqualTo(4);
            Lines(Shell(scratch.File("report"), command)).ShouldBe(Lines(expected), command);
        }
    }

    [Fact]
    public void A_study_about_refusals_has_its_refusals_recomputed()
    {
        using var scratch = new ScratchFolder();
        ReportWriter.Write(SampleRefusals.Make(scratch.Path), scratch.File("report"));
        var steps = Step().Matches(File.ReadAllText(scratch.File("report/VERIFY.md"))).Select(m => (Command: m.Groups[1].Value, Expected: m.Groups[2].Value)).ToList();
        steps.Count.ShouldBe(6 + 4 + 1);
        foreach (var (command, expected) in steps)
            Lines(Shell(scratch.File("report"), command)).ShouldBe(Lines(expected), command);
        steps.Skip(6).Select(s => Lines(s.Expected).Length).ShouldBe([4, 4, 3, 3, 8]);
        steps[6].Expected.ShouldNotBe(steps[0].Expected);
    }

    [Fact]
    public void The_sqlite_command_counts_the_same()
    {
        using var scratch = new ScratchFolder();
        var study = SampleStudy.Whole(scratch.Path, traces: false);
        ReportWriter.Write(study, scratch.File("report"));
        var command = Fence().Matches(File.ReadAllText(scratch.File("report/VERIFY.md"))).Select(m => m.Groups[1].Value).Single(c => c.StartsWith("sqlite3"));
        var lines = Lines(Shell(scratch.File("report"), command));
        lines.Order().ShouldBe(study.Arms.Select(a => $"{a.Stage}|{a.Passed}|{a.Trials}|{a.Nulls}|{a.Name}").Order());
    }

    [Fact]
    public void A_study_without_a_trial_still_has_a_bundle_that_verifies()
    {
        using var scratch = new ScratchFolder();
        ReportWriter.Write(SampleStudy.Empty(scratch.Path), scratch.File("report"));
        foreach (var (command, expected) in Step().Matches(File.ReadAllText(scratch.File("report/VERIFY.md"))).Select(m => (m.Groups[1].Value, m.Groups[2].Value)))
            Lines(Shell(scratch.File("report"), command)).ShouldBe(Lines(expected), command);
    }

    private static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private static string Shell(string folder, string command)
    {
        var program = command.Split(' ')[0];
        try
        {
            using var process = Process.Start(new ProcessStartInfo("bash", ["--norc", "-c", $"command -v {program} >/dev/null || exit 97\n{command}"])
            {
                WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true, StandardOutputEncoding = System.Text.Encoding.UTF8, Environment = { ["PYTHONIOENCODING"] = "utf-8" },
            })!;
            var error = process.StandardError.ReadToEndAsync();
            var output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            if (process.ExitCode == 97)
                Assert.Skip($"{program} is not on this machine");
            process.ExitCode.ShouldBe(0, error.Result);
            return output;
        }
        catch (Win32Exception)
        {
            Assert.Skip("bash is not on this machine");
            throw;
        }
    }

    [GeneratedRegex(@"^```sh\n(python3 (?:(?!```).)*?)\n```\n\n```text\n((?:(?!```).)*?)\n?```$", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Step();

    [GeneratedRegex(@"^```sh\n(.*?)\n```$", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Fence();
}
