using System.CommandLine;
using System.Text.Json.Nodes;
using Capvec.Cli.Hosting;
using Capvec.Cli.Output;
using Capvec.Cli.Studies;

namespace Capvec.Cli.Commands;

/// <summary>capvec run: a whole study.</summary>
internal sealed class RunCommand : CapvecCommand
{
    private readonly Argument<string> _study = new("STUDY") { Description = "The study's file (docs/studies.md)." };
    private readonly StudyJob _job = new();

    /// <summary>Makes the command.</summary>
    public RunCommand(Option<bool> json)
        : base("run", "Runs a study, every step of it, and writes its report. What is done already is skipped, so that the same command goes on after a stop.", "capvec run studies/v2.yaml --out runs/v2", json)
    {
        Arguments.Add(_study);
        _job.AddTo(this);
    }

    /// <inheritdoc/>
    protected override async Task<JsonObject?> RunAsync(ParseResult arguments, CommandOutput output, CancellationToken cancellation) =>
        StudyJob.Report(await _job.RunAsync(arguments.GetRequiredValue(_study), arguments, cancellation), output);
}
