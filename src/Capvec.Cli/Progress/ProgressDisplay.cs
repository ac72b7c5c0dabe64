using Spectre.Console;

namespace Capvec.Cli.Progress;

/// <summary>
/// Shows on standard error how far a job is: bars with rate and time left on a terminal, now and then a plain line where it is piped.
/// Thread-safe.
/// </summary>
internal abstract class ProgressDisplay : IAsyncDisposable
{
    /// <summary>The display that suits where standard error goes.</summary>
    public static ProgressDisplay Create(TimeProvider? time = null)
    {
        if (Console.IsErrorRedirected)
            return new PlainProgress(Console.Error, time ?? TimeProvider.System);
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        return console.Profile.Capabilities.Ansi ? new BarProgress(console) : new PlainProgress(Console.Error, time ?? TimeProvider.System);
    }

    /// <summary>Begins a step of the job.</summary>
    /// <param name="title">What is done.</param>
    /// <param name="total">How much there is to do.</param>
    /// <param name="unit">What is counted, in the plural; empty where only the share is known.</param>
    /// <param name="done">How much of it was done before; it does not count for the rate.</param>
    public abstract IProgressStep Begin(string title, double total, string unit, double done = 0);

    /// <summary>Says something beside the bars.</summary>
    public abstract void Remark(string text);

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();
}
