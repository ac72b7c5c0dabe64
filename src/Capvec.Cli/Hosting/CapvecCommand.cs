using System.CommandLine;
using System.Text.Json.Nodes;
using Capvec.Cli.Output;

namespace Capvec.Cli.Hosting;

/// <summary>A command of the program: its options, an example for the help, and a call into the rooms that do the work.</summary>
internal abstract class CapvecCommand : Command
{
    /// <summary>Names a command.</summary>
    /// <param name="name">What the user types.</param>
    /// <param name="description">What it does, one or two sentences.</param>
    /// <param name="example">A whole command line that works from the repository's root.</param>
    /// <param name="json">The option that all commands share.</param>
    protected CapvecCommand(string name, string description, string example, Option<bool> json)
        : base(name, description)
    {
        Example = example;
        SetAction(async (arguments, cancellation) =>
        {
            var output = new CommandOutput(arguments.GetValue(json));
            var result = await RunAsync(arguments, output, cancellation);
            if (result is not null)
                output.Finish(result);
            return 0;
        });
    }

    /// <summary>A whole command line, shown by --help.</summary>
    public string Example { get; }

    /// <summary>Does the command's work.</summary>
    /// <returns>What --json prints at the end; null where the command has printed it already.</returns>
    protected abstract Task<JsonObject?> RunAsync(ParseResult arguments, CommandOutput output, CancellationToken cancellation);
}
