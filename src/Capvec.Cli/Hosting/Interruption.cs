using System.Runtime.InteropServices;

namespace Capvec.Cli.Hosting;

/// <summary>Ctrl-C: the first (or a polite kill) asks the command to stop cleanly, the second ends the program at once.</summary>
internal sealed class Interruption : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly PosixSignalRegistration _interrupt;
    private readonly PosixSignalRegistration _terminate;

    /// <summary>Begins to listen.</summary>
    public Interruption()
    {
        _interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        _terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
    }

    /// <summary>Cancelled by the first signal.</summary>
    public CancellationToken Token => _stop.Token;

    /// <inheritdoc/>
    public void Dispose()
    {
        _interrupt.Dispose();
        _terminate.Dispose();
        _stop.Dispose();
    }

    private void Stop(PosixSignalContext context)
    {
        // Not cancelled, the signal ends the process the usual way.
        context.Cancel = true;
        if (_stop.IsCancellationRequested)
        {
            Console.Error.WriteLine("capvec: aborted");
            Environment.Exit(CommandHost.Interrupted);
        }

        Console.Error.WriteLine("capvec: stopping after what is under way; Ctrl-C again aborts");
        _stop.Cancel();
    }
}
