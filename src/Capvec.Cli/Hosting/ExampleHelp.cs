using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Capvec.Cli.Hosting;

/// <summary>The usual help, with the command's example below it.</summary>
internal sealed class ExampleHelp(HelpAction usual) : SynchronousCommandLineAction
{
    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        var status = usual.Invoke(parseResult);
        if (parseResult.CommandResult.Command is CapvecCommand command)
        {
            parseResult.InvocationConfiguration.Output.WriteLine("Example:");
            parseResult.InvocationConfiguration.Output.WriteLine($"  {command.Example}");
        }

        return status;
    }
}
