using System.CommandLine;
using System.Text.Json.Nodes;
using Capvec.Agents.Sandboxes;
using Capvec.Cli.Hosting;
using Capvec.Cli.Options;
using Capvec.Cli.Output;
using Capvec.Cli.Progress;
using Capvec.Experiments.Analysis;
using Capvec.Experiments.Results;
using Capvec.Experiments.Running;
using Capvec.Experiments.Studies;
using Capvec.Formats.Errors;
using Capvec.Reports;

namespace Capvec.Cli.Studies;

/// <summary>What the commands that run a study share: options, the run itself, and what is said of its results.</summary>
internal sealed class StudyJob
{
    private readonly Option<string> _out = PathOptions.NewFolder("--out", "Output folder; runs/ and the study's name when left out. A study that was stopped there goes on.", required: false);
    private readonly Option<int?> _atOnce = NumberOptions.Optional("--at-once", "Trials at the same time, in place of the study's figure; it changes the speed, not the results.", 1, 1024);
    private readonly Option<int?> _threads = NumberOptions.Optional("--threads", "Threads that compute, in place of the study's figure.", 1, 1024);
    private readonly Option<bool> _retry = new("--retry-nulls") { Description = "Run the trials again whose infrastructure failed." };

    /// <summary>Where the page is below a study's output folder.</summary>
    public static string ReportFolder(string folder) => Path.Combine(folder, "report");

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _out, _atOnce, _threads, _retry })
            command.Options.Add(option);
    }

    /// <summary>Runs a study up to its last trial.</summary>
    /// <returns>Its results.</returns>
    /// <exception cref="CapvecException">Something is wrong, or Ctrl-C stopped it; what was finished is kept.</exception>
    public async Task<StudyResults> RunAsync(string file, ParseResult arguments, CancellationToken cancellation)
    {
        var study = StudyReader.Load(file);
        var folder = arguments.GetValue(_out) ?? Path.Combine("runs", study.Name);
        await using (var progress = ProgressDisplay.Create())
        {
            try
            {
                await using var loading = new LoadingProgress("loading the model", cancellation, display: progress);
                await new StudyRunner(study, folder, NamespaceSandboxFactory.Create(), new StudyProgress(progress)).RunAsync(
                    new RunOptions { RetryNulls = arguments.GetValue(_retry), Concurrency = arguments.GetValue(_atOnce), Threads = arguments.GetValue(_threads), Loading = loading }, cancellation);
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                throw new CapvecException($"stopped; every finished trial is kept in {folder}. The same command goes on from there.", exitCode: CommandHost.Interrupted);
            }
        }

        return StudyAnalysis.Read(folder);
    }

    /// <summary>Writes the report and says where it is; the verdict is the last line.</summary>
    /// <returns>What --json prints.</returns>
    public static JsonObject Report(StudyResults results, CommandOutput output)
    {
        var page = ReportWriter.Write(results, ReportFolder(results.Folder));
        PrintArms(results, output);
        PrintGroups(results, output);
        output.Line($"report: {page}");
        output.Line($"verdict: {results.Verdict.Sentence}");
        var json = Json(results);
        json["report"] = page;
        return json;
    }

    /// <summary>Prints a line for each arm.</summary>
    public static void PrintArms(StudyResults results, CommandOutput output)
    {
        foreach (var stage in results.Arms.GroupBy(arm => arm.Stage, StringComparer.Ordinal))
        {
            var rows = new List<string[]> { new[] { stage.Key, "passed", "rate", "95%", "null", "difference to base", "p (Fisher, two-sided)" } };
            rows.AddRange(stage.Select(arm => new[]
            {
                arm.Name,
                $"{arm.Passed}/{arm.Trials}",
                arm.Trials == 0 ? "" : $"{arm.Rate * 100:F1}%",
                arm.Trials == 0 ? "" : $"{arm.Wilson.Lower * 100:F1} to {arm.Wilson.Upper * 100:F1}",
                $"{arm.Nulls}",
                arm.AgainstBase is { } against ? $"{against.PairedDifference * 100:+0.0;-0.0;0.0} [{against.PairedInterval.Lower * 100:F1}, {against.PairedInterval.Upper * 100:F1}]" : "",
                arm.AgainstBase is { } test ? $"{test.FisherTwoSided:G2}" : "",
            }));
            output.Table(rows, heading: true);
            output.Line();
        }
    }

    /// <summary>Prints a line for each arm and group of tasks, where there are groups.</summary>
    public static void PrintGroups(StudyResults results, CommandOutput output)
    {
        if (results.Groups.Count == 0)
            return;
        var rows = new List<string[]> { new[] { "tasks", "arm", "refused", "95%", "passed", "95%", "refusing replies" } };
        rows.AddRange(results.Groups.OrderBy(g => g.Group, StringComparer.Ordinal).Select(g => new[]
        {
            g.Group, g.Arm, $"{g.Refused}/{g.Trials}", $"{g.RefusedInterval.Lower * 100:F1} to {g.RefusedInterval.Upper * 100:F1}",
            $"{g.Passed}/{g.Trials}", $"{g.PassedInterval.Lower * 100:F1} to {g.PassedInterval.Upper * 100:F1}", $"{g.Refusing}/{g.Replies}",
        }));
        output.Table(rows, heading: true);
        output.Line();
    }

    /// <summary>The results for programs.</summary>
    public static JsonObject Json(StudyResults results) => new()
    {
        ["study"] = results.Name,
        ["folder"] = results.Folder,
        ["verdict"] = new JsonObject
        {
            ["kind"] = $"{results.Verdict.Kind}",
            ["sentence"] = results.Verdict.Sentence,
            ["notes"] = new JsonArray([.. results.Verdict.Notes.Select(note => JsonValue.Create(note))]),
        },
        ["groups"] = new JsonArray([.. results.Groups.Select(g => new JsonObject
        {
            ["group"] = g.Group,
            ["arm"] = g.Arm,
            ["trials"] = g.Trials,
            ["passed"] = g.Passed,
            ["refused"] = g.Refused,
            ["replies"] = g.Replies,
            ["refusing_replies"] = g.Refusing,
        })]),
        ["arms"] = new JsonArray([.. results.Arms.Select(arm => new JsonObject
        {
            ["name"] = arm.Name,
            ["kind"] = $"{arm.Kind}",
            ["stage"] = arm.Stage,
            ["layers"] = new JsonArray([.. arm.Layers.Select(layer => JsonValue.Create(layer))]),
            ["strength"] = arm.Strength,
            ["alpha"] = arm.Alpha,
            ["trials"] = arm.Trials,
            ["passed"] = arm.Passed,
            ["null"] = arm.Nulls,
            ["rate"] = JsonLine.Number(arm.Rate),
            ["wilson"] = new JsonArray(JsonLine.Number(arm.Wilson.Lower), JsonLine.Number(arm.Wilson.Upper)),
            ["marks"] = MarksText.Json(arm.Marks),
            ["against_base"] = arm.AgainstBase is not { } against ? null : new JsonObject
            {
                ["paired_difference"] = JsonLine.Number(against.PairedDifference),
                ["paired_interval"] = new JsonArray(JsonLine.Number(against.PairedInterval.Lower), JsonLine.Number(against.PairedInterval.Upper)),
                ["paired_p"] = JsonLine.Number(against.PairedP),
                ["tasks"] = against.Tasks,
                ["fisher_greater"] = JsonLine.Number(against.FisherGreater),
                ["fisher_less"] = JsonLine.Number(against.FisherLess),
                ["fisher_two_sided"] = JsonLine.Number(against.FisherTwoSided),
                ["holm"] = JsonLine.Number(against.Holm),
            },
        })]),
    };
}
