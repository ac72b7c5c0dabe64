using System.CommandLine;
using System.Text.Json.Nodes;
using Capvec.Cli.Hosting;
using Capvec.Cli.Output;
using Capvec.Cli.Studies;
using Capvec.Experiments.Analysis;

namespace Capvec.Cli.Commands;

/// <summary>capvec report: the report of a study's output, finished or not.</summary>
internal sealed class ReportCommand : CapvecCommand
{
    private readonly Argument<string> _folder = new("FOLDER") { Description = "A study's output folder." };

    /// <summary>Makes the command.</summary>
    public ReportCommand(Option<bool> json)
        : base("report", "Computes the results of a study's output folder anew and writes its report; a study that is not finished has one too.", "capvec report runs/demo", json) =>
        Arguments.Add(_folder);

    /// <inheritdoc/>
    protected override Task<JsonObject?> RunAsync(ParseResult arguments, CommandOutput output, CancellationToken cancellation) =>
        Task.FromResult<JsonObject?>(StudyJob.Report(StudyAnalysis.Read(arguments.GetRequiredValue(_folder)), output));
}
