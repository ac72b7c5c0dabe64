using System.CommandLine;
using System.Text.Json.Nodes;
using Capvec.Cli.Hosting;
using Capvec.Cli.Output;
using Capvec.Cli.Studies;

namespace Capvec.Cli.Commands;

/// <summary>capvec demo: a small study of the model that comes with the program.</summary>
internal sealed class DemoCommand : CapvecCommand
{
    private readonly StudyJob _job = new();

    /// <summary>Makes the command.</summary>
    public DemoCommand(Option<bool> json)
        : base("demo", "Runs studies/demo.yaml, a small study of the model that comes with Capvec, and writes its report. Takes about a minute; the last line is the verdict.", "capvec demo --out runs/demo", json) =>
        _job.AddTo(this);

    /// <inheritdoc/>
    protected override async Task<JsonObject?> RunAsync(ParseResult arguments, CommandOutput output, CancellationToken cancellation) =>
        StudyJob.Report(await _job.RunAsync(InstalledFiles.Find("studies", "demo.yaml"), arguments, cancellation), output);
}
