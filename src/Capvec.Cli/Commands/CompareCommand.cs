using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Capvec.Agents.Traces;
using Capvec.Cli.Hosting;
using Capvec.Cli.Options;
using Capvec.Cli.Output;
using Capvec.Experiments.Analysis;
using Capvec.Experiments.Results;

namespace Capvec.Cli.Commands;

/// <summary>capvec compare: arms of collected traces, trial by trial.</summary>
internal sealed class CompareCommand : CapvecCommand
{
    private readonly Option<string[]> _traces = new("--traces") { Description = "Folders of traces, of one set of tasks.", Required = true, HelpName = "FOLDER", AllowMultipleArgumentsPerToken = true };
    private readonly Option<string> _base = new("--base") { Description = "The arm that the others are compared with.", DefaultValueFactory = _ => "base", HelpName = "ARM" };

    /// <summary>Makes the command.</summary>
    public CompareCommand(Option<bool> json)
        : base(
            "compare", "Compares arms of collected traces on the same tasks and seeds: passed, refused, and in how many trials the replies are the same token for token.",
            "capvec compare --traces runs/traces --base base", json)
    {
        _traces.Validators.Add(result =>
        {
            foreach (var token in result.Tokens)
            {
                if (PathOptions.FolderError("--traces", token.Value) is { } error)
                    result.AddError(error);
            }
        });
        Options.Add(_traces);
        Options.Add(_base);
    }

    /// <inheritdoc/>
    protected override Task<JsonObject?> RunAsync(ParseResult arguments, CommandOutput output, CancellationToken cancellation)
    {
        var arms = TraceComparison.Compare(arguments.GetRequiredValue(_traces).SelectMany(TraceReader.LoadAll), arguments.GetValue(_base)!);
        var rows = new List<string[]> { new[] { "arm", "passed", "to base", "p", "refused", "to base", "p", "refusing replies", "same outcome", "same tokens" } };
        rows.AddRange(arms.Select(arm => new[]
        {
            arm.Passes.Name, Count(arm.Passes), Difference(arm.Passes), P(arm.Passes), Count(arm.Refusals), Difference(arm.Refusals), P(arm.Refusals), $"{arm.Refusing}/{arm.Replies}",
            arm.Tokens is { } t ? $"{arm.SameOutcome}/{t.Compared}" : "", arm.Tokens is { } u ? $"{u.Compared - u.Different}/{u.Compared}" : "",
        }));
        output.Table(rows, heading: true);
        output.Line();
        output.Line("to base: mean over tasks in points, with its 95% interval; p: Fisher's exact test, two-sided, corrected over the arms (Holm). Refused: at least half of a trial's replies refuse.");
        output.Line("same: of the trials with base's task, attempt and seed, those that ended alike, and those whose replies are alike token for token.");
        return Task.FromResult<JsonObject?>(new JsonObject
        {
            ["arms"] = new JsonArray([.. arms.Select(arm => new JsonObject
            {
                ["arm"] = arm.Passes.Name,
                ["trials"] = arm.Passes.Trials,
                ["null"] = arm.Passes.Nulls,
                ["passed"] = arm.Passes.Passed,
                ["p_passed"] = arm.Passes.AgainstBase is { } p ? JsonLine.Number(p.Holm) : null,
                ["refused"] = arm.Refusals.Passed,
                ["p_refused"] = arm.Refusals.AgainstBase is { } r ? JsonLine.Number(r.Holm) : null,
                ["replies"] = arm.Replies,
                ["refusing_replies"] = arm.Refusing,
                ["paired"] = arm.Tokens?.Compared,
                ["same_outcome"] = arm.Tokens is null ? null : arm.SameOutcome,
                ["same_tokens"] = arm.Tokens is { } t ? t.Compared - t.Different : null,
            })]),
        });
    }

    private static string Count(ArmResult arm) => $"{arm.Passed}/{arm.Trials}";

    private static string Difference(ArmResult arm) => arm.AgainstBase is { } c
        ? string.Create(CultureInfo.InvariantCulture, $"{100 * c.PairedDifference:+0;-0;0} [{100 * c.PairedInterval.Lower:+0;-0;0}, {100 * c.PairedInterval.Upper:+0;-0;0}]")
        : "";

    private static string P(ArmResult arm) => arm.AgainstBase is { } c ? c.Holm.ToString(c.Holm < 0.001 ? "0.0e0" : "0.000", CultureInfo.InvariantCulture) : "";
}
