using System.CommandLine;

namespace Capvec.Cli.Commands;

/// <summary>capvec vectors: directions of Capvec and of other tools. Its work is in the commands below it.</summary>
internal sealed class VectorsCommand : Command
{
    /// <summary>Makes the command.</summary>
    public VectorsCommand(Option<bool> json)
        : base("vectors", "Shows directions of Capvec and of other tools, and writes them in other forms, with layers counted as each tool counts them.")
    {
        Subcommands.Add(new ShowVectorsCommand(json));
        Subcommands.Add(new ConvertVectorsCommand(json));
    }
}
