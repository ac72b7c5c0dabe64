using System.CommandLine;
using System.Text.Json.Nodes;
using Capvec.Cli.Hosting;
using Capvec.Cli.Output;
using Capvec.Cli.Studies;

namespace Capvec.Cli.Commands;

/// <summary>capvec sweep: a study's trials, and whatever they need.</summary>
internal sealed class SweepCommand : CapvecCommand
{
    private readonly Argument<string> _study = new("STUDY") { Description = "The study's file (docs/studies.md)." };
    private readonly StudyJob _job = new();

    /// <summary>Makes the command.</summary>
    public SweepCommand(Option<bool> json)
        : base("sweep", "Runs a study's trials of all arms, and the steps before them that are not done yet; writes no report.", "capvec sweep studies/demo.yaml --out runs/demo", json)
    {
        Arguments.Add(_study);
        _job.AddTo(this);
    }

    /// <inheritdoc/>
    protected override async Task<JsonObject?> RunAsync(ParseResult arguments, CommandOutput output, CancellationToken cancellation)
    {
        var results = await _job.RunAsync(arguments.GetRequiredValue(_study), arguments, cancellation);
        StudyJob.PrintArms(results, output);
        output.Line($"trials: {results.Folder}; \"capvec report {results.Folder}\" writes the report");
        return StudyJob.Json(results);
    }
}
