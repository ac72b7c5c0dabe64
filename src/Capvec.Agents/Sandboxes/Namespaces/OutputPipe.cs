using System.IO.Pipes;
using Microsoft.Win32.SafeHandles;

namespace Capvec.Agents.Sandboxes.Namespaces;

/// <summary>
/// The host's end of a pipe that the commands of a box print into. The keeper holds the other reading end, so the pipe lasts as long as the box;
/// while a command runs there are writers, and when the last of them is gone a read finds the end.
/// </summary>
internal sealed class OutputPipe : IDisposable
{
    private readonly SafeFileHandle _pipe;

    /// <summary>Opens the descriptor of a process.</summary>
    /// <exception cref="IOException">The process is gone.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be looked into.</exception>
    public OutputPipe(int process, int descriptor) => _pipe = Open(FormattableString.Invariant($"/proc/{process}/fd/{descriptor}"));

    /// <summary>Starts to read what one command prints. To be called after the command has begun.</summary>
    /// <param name="kept">Bytes that are kept; what comes after them is read and dropped.</param>
    public OutputReader Read(int kept)
    {
        // A stream that has met the end stays there, so each command gets one of its own, through a descriptor of its own.
        using var again = Open(FormattableString.Invariant($"/proc/self/fd/{_pipe.DangerousGetHandle()}"));
        var handle = new SafePipeHandle(again.DangerousGetHandle(), ownsHandle: true);
        again.SetHandleAsInvalid();
        return new(new AnonymousPipeClientStream(PipeDirection.In, handle), kept);
    }

    /// <inheritdoc/>
    public void Dispose() => _pipe.Dispose();

    private static SafeFileHandle Open(string path) => File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
}
