using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.Json.Nodes;
using Capvec.Cli.Commands;
using Capvec.Cli.Output;
using Capvec.Formats.Errors;

namespace Capvec.Cli.Hosting;

/// <summary>Reads the command line, runs one command and turns whatever happens into an exit code and at most one line of error.</summary>
internal static class CommandHost
{
    /// <summary>Exit code after Ctrl-C.</summary>
    public const int Interrupted = 130;

    /// <summary>Runs the command that <paramref name="args"/> name.</summary>
    /// <returns>0, 1 for a failed job, 2 for wrong usage, 130 after Ctrl-C.</returns>
    public static async Task<int> RunAsync(string[] args)
    {
        // Numbers are read and written the same way everywhere, whatever the machine's language.
        CultureInfo.CurrentCulture = CultureInfo.DefaultThreadCurrentCulture = CultureInfo.InvariantCulture;

        var json = new Option<bool>("--json") { Description = "Print one JSON object as the last line.", Recursive = true };
        var root = new RootCommand("Finds directions in a language model's residual stream that separate good agent runs from bad ones, applies them, and tests honestly whether that helps.") { json };
        foreach (var command in All(json))
            root.Subcommands.Add(command);
        foreach (var option in root.Options)
        {
            if (option is HelpOption { Action: HelpAction help })
                option.Action = new ExampleHelp(help);
        }

        // "@name" stays text: file names and prompts may begin with it.
        var parsed = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Action is ParseErrorAction)
            return Fail(Usage(parsed), parsed.GetValue(json), CapvecException.WrongUsage);

        using var interruption = new Interruption();
        try
        {
            return await parsed.InvokeAsync(
                new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }, interruption.Token);
        }
        catch (Exception e)
        {
            return e switch
            {
                _ when Known(e) is { } known => Fail(known.Message, parsed.GetValue(json), known.ExitCode),
                OperationCanceledException when interruption.Token.IsCancellationRequested => Fail("stopped", parsed.GetValue(json), Interrupted),
                _ => Fail(CrashLog.Write(e, args), parsed.GetValue(json), CapvecException.FailedJob),
            };
        }
    }

    private static IEnumerable<Command> All(Option<bool> json) =>
    [
        new DemoCommand(json),
        new RunCommand(json),
        new CollectCommand(json),
        new CompareCommand(json),
        new CaptureCommand(json),
        new ComputeCommand(json),
        new EstimatorsCommand(json),
        new ScreenCommand(json),
        new SteerCommand(json),
        new BakeCommand(json),
        new SweepCommand(json),
        new ServeCommand(json),
        new ReportCommand(json),
        new InspectCommand(json),
        new ForwardCommand(json),
        new TokenizeCommand(json),
        new RenderCommand(json),
        new ConvertCommand(json),
        new VectorsCommand(json),
        new BenchCommand(json),
    ];

    private static CapvecException? Known(Exception e) => e switch
    {
        CapvecException known => known,
        AggregateException { InnerExceptions: [var only] } => Known(only),
        _ => null,
    };

    private static string Usage(ParseResult parsed)
    {
        var path = string.Join(' ', Path(parsed.CommandResult.Command).Reverse());
        if (parsed.CommandResult.Command is RootCommand)
        {
            var unknown = parsed.UnmatchedTokens.FirstOrDefault();
            return $"{(unknown is null ? "no command given" : $"there is no command '{unknown}'")}; run \"capvec --help\" to see them";
        }

        // The library's own messages do not always name the option, and lists in them are one value a line.
        var error = parsed.Errors[0];
        var message = string.Join(' ', error.Message.TrimEnd('.').Split(['\n', '\r', '\t'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
        var option = (error.SymbolResult as OptionResult)?.Option.Name;
        return $"{(option is null || message.Contains(option, StringComparison.Ordinal) ? "" : $"{option}: ")}{message}; run \"{path} --help\" to see what it takes";

        static IEnumerable<string> Path(Command? command)
        {
            for (; command is not null; command = command.Parents.OfType<Command>().FirstOrDefault())
                yield return command is RootCommand ? "capvec" : command.Name;
        }
    }

    private static int Fail(string message, bool json, int exitCode)
    {
        Console.Error.WriteLine($"capvec: {message.ReplaceLineEndings(" ")}");
        if (json)
            Console.Out.WriteLine(JsonLine.Of(new JsonObject { ["ok"] = false, ["error"] = message, ["exit_code"] = exitCode }));
        return exitCode;
    }
}
