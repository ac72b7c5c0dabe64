using System.CommandLine;

namespace Capvec.Cli.Commands;

/// <summary>capvec bench: how fast this machine is, beside what it could be. Its work is in the commands below it.</summary>
internal sealed class BenchCommand : Command
{
    /// <summary>Makes the command.</summary>
    public BenchCommand(Option<bool> json)
        : base("bench", "Measures kernels, engine and tokenizers on this machine against what its memory and its processors can do, and makes models with random weights to measure.")
    {
        Subcommands.Add(new BenchKernelsCommand(json));
        Subcommands.Add(new BenchEngineCommand(json));
        Subcommands.Add(new BenchTextCommand(json));
        Subcommands.Add(new MakeModelCommand(json));
    }
}
