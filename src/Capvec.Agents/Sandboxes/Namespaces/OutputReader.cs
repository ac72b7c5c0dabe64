using System.Text;

namespace Capvec.Agents.Sandboxes.Namespaces;

/// <summary>Reads one output of one command to its end, keeping the beginning.</summary>
internal sealed class OutputReader : IDisposable
{
    /// <summary>Bytes after which reading stops until the command is over: one that prints without end then waits, at no cost, for its time limit.</summary>
    private const long MostRead = 256 << 20;

    private readonly Stream _stream;
    private readonly int _most;
    private readonly MemoryStream _kept = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Starts to read.</summary>
    public OutputReader(Stream stream, int kept)
    {
        (_stream, _most) = (stream, kept);
        Finished = ReadAsync();
    }

    /// <summary>Ends when every writer is gone.</summary>
    public Task Finished { get; }

    /// <summary>Whether more came than was kept.</summary>
    public bool Truncated { get; private set; }

    /// <summary>What was kept: UTF-8, U+FFFD for what is not, every line end "\n".</summary>
    public string Text => Encoding.UTF8.GetString(_kept.GetBuffer(), 0, (int)_kept.Length).Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');

    /// <summary>Says that nothing more can come but what is in the pipe, so that it is read whatever its length.</summary>
    public void CommandHasEnded() => _ended.TrySetResult();

    /// <inheritdoc/>
    public void Dispose() => _stream.Dispose();

    private async Task ReadAsync()
    {
        var buffer = new byte[8192];
        long total = 0;
        while (await _stream.ReadAsync(buffer).ConfigureAwait(false) is var count and > 0)
        {
            total += count;
            var room = (int)Math.Min(count, _most - _kept.Length);
            _kept.Write(buffer, 0, room);
            Truncated |= room < count;
            if (Truncated && buffer.Length < 65_536)
                buffer = new byte[65_536];
            if (total > MostRead)
                await _ended.Task.ConfigureAwait(false);
        }
    }
}
