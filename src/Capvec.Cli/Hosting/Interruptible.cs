namespace Capvec.Cli.Hosting;

/// <summary>Long calculations that look at no cancellation and write nothing.</summary>
internal static class Interruptible
{
    /// <summary>Runs one beside the command. At the first Ctrl-C the command goes on without it, and it ends with the process.</summary>
    /// <exception cref="OperationCanceledException">Cancelled before it was done.</exception>
    public static Task<T> RunAsync<T>(Func<T> calculation, CancellationToken cancellation) => Task.Run(calculation, cancellation).WaitAsync(cancellation);
}
