using System.Globalization;
using Capvec.Reports.Tables;
using Capvec.Reports.Tests.Samples;
using CsvHelper;

namespace Capvec.Reports.Tests.Tables;

public sealed class CsvTests
{
    private static List<T> Read<T>(string path)
    {
        using var reader = new CsvReader(new StreamReader(path), Csv.Form);
        return [.. reader.GetRecords<T>()];
    }

    [Theory]
    [InlineData("en-US")]
    [InlineData("de-DE")]
    public void Results_read_back_to_the_same_trials_whatever_the_machines_language(string culture)
    {
        var before = CultureInfo.CurrentCulture;
        using var scratch = new ScratchFolder();
        try
        {
            CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo(culture);
            var study = SampleStudy.Whole(scratch.Path, taskName: t => t + ", \"quoted\"\nline", attempts: 3, traces: false);
            ReportWriter.Write(study, scratch.File("report"));
            var rows = Read<ResultRow>(scratch.File("report/results.csv"));

            rows.Count.ShouldBe(study.Trials.Count);
            foreach (var (row, trial) in rows.Zip(study.Trials))
            {
                (row.Stage, row.Arm, row.Task, row.Attempt, row.Seed, row.Reward, row.Turns, row.Tokens, row.Seconds, row.Trace)
                    .ShouldBe((trial.Stage, trial.Arm, trial.Task, trial.Attempt, trial.Seed, trial.Reward, trial.Turns, trial.Tokens, trial.Seconds, trial.TracePath));
                (row.Failure ?? "").ShouldBe(trial.Failure ?? "");
                (row.ParseFail, row.NoCmd, row.EarlyDone, row.LengthCut, row.Refusal, row.Loop, row.Timeout)
                    .ShouldBe((trial.Marks.ParseFail, trial.Marks.NoCmd, trial.Marks.EarlyDone, trial.Marks.LengthCut, trial.Marks.Refusal, trial.Marks.Loop, trial.Marks.Timeout));
                DateTimeOffset.Parse(row.Started, CultureInfo.InvariantCulture).ShouldBe(trial.Started);
                var arm = study.Arms.Single(a => a.Stage == trial.Stage && a.Name == trial.Arm);
                (row.Strength, row.Alpha, row.Layers).ShouldBe((arm.Strength, arm.Alpha, string.Join(' ', arm.Layers)));
            }
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void Arms_read_back_to_the_same_bits()
    {
        using var scratch = new ScratchFolder();
        var study = SampleStudy.Whole(scratch.Path, attempts: 3, traces: false);
        ReportWriter.Write(study, scratch.File("report"));
        var rows = Read<ArmRow>(scratch.File("report/arms.csv"));

        rows.Count.ShouldBe(study.Arms.Count);
        foreach (var (row, arm) in rows.Zip(study.Arms))
        {
            (row.Stage, row.Arm, row.Trials, row.Passed, row.Nulls, row.Rate, row.WilsonLow, row.WilsonHigh)
                .ShouldBe((arm.Stage, arm.Name, arm.Trials, arm.Passed, arm.Nulls, arm.Rate, arm.Wilson.Lower, arm.Wilson.Upper));
            var c = arm.AgainstBase;
            (row.PairedDifference, row.PairedLow, row.PairedHigh, row.PairedP, row.Tasks).ShouldBe((c?.PairedDifference, c?.PairedInterval.Lower, c?.PairedInterval.Upper, c?.PairedP, c?.Tasks));
            (row.FisherTwoSided, row.FisherGreater, row.FisherLess, row.Holm).ShouldBe((c?.FisherTwoSided, c?.FisherGreater, c?.FisherLess, c?.Holm));
            row.ParseFail.ShouldBe(arm.Marks.ParseFail);
        }
    }

    [Fact]
    public void A_null_reward_is_an_empty_cell_and_never_a_zero()
    {
        using var scratch = new ScratchFolder();
        var study = SampleStudy.Whole(scratch.Path, attempts: 10, traces: false);
        ReportWriter.Write(study, scratch.File("report"));
        var rows = Read<ResultRow>(scratch.File("report/results.csv"));
        rows.Count(r => r.Reward is null).ShouldBe(study.Trials.Count(t => t.Reward is null));
        rows.Count(r => r.Reward is null).ShouldBeGreaterThan(0);
        rows.Where(r => r.Reward is null).ShouldAllBe(r => r.Failure!.Contains("ran out of time"));
    }
}
