using System.Diagnostics;
using System.Globalization;
using System.Text;
using Capvec.Formats.Errors;

namespace Capvec.Agents.Sandboxes.Namespaces;

/// <summary>
/// The host's side of a box's first process: starts it, sends it requests, reads its answers. The box lives as long as that process, and that
/// as long as its standard input is open, so a box ends with the program that made it, however that ends. Not thread-safe.
/// </summary>
internal sealed class Keeper : IAsyncDisposable
{
    /// <summary>How long an answer may take that is due at once; hosts can be busy, so it is generous.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private const int MostDiagnostics = 4096;

    private readonly Process _process;
    private readonly Stream _requests;
    private readonly Stream _answers;
    private readonly Stream _errors;
    private readonly byte[] _buffer = new byte[4096];
    private readonly StringBuilder _diagnostics = new();
    private readonly Task _listening;
    private int _from;
    private int _to;
    private bool _disposed;

    private Keeper(Process process)
    {
        _process = process;
        _requests = process.StandardInput.BaseStream;
        _answers = process.StandardOutput.BaseStream;
        _errors = process.StandardError.BaseStream;
        _listening = ListenAsync();
    }

    /// <summary>What the set-up's tools said, shortened, on one line.</summary>
    public string Diagnostics
    {
        get
        {
            lock (_diagnostics)
                return _diagnostics.ToString().Trim().ReplaceLineEndings("; ");
        }
    }

    /// <summary>Starts a first process.</summary>
    /// <param name="host">The tools.</param>
    /// <param name="user">The user to become, where this process is root.</param>
    /// <param name="variables">Those of every command, and those of the script.</param>
    public static Keeper Start(HostSystem host, uint? user, IEnumerable<KeyValuePair<string, string>> variables)
    {
        var start = Launch(host, user, KeeperScript.Start);
        start.Environment.Clear();
        foreach (var (name, value) in variables)
            start.Environment[name] = value;
        start.Environment["BOX_KEEPER"] = KeeperScript.Text;
        try
        {
            return new(Process.Start(start)!);
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new CapvecException($"a sandbox cannot be started: {e.Message}. Check that {start.FileName} can be run and that the system is not out of processes or memory.", e);
        }
    }

    /// <summary>How to run a line of bash in new namespaces, first as the given user.</summary>
    public static ProcessStartInfo Launch(HostSystem host, uint? user, string line)
    {
        var words = new List<string>();
        if (host.IgnoresSignals)
            words.AddRange([host.Tools["ENV"], "--default-signal"]);
        if (user is { } number)
        {
            var text = number.ToString(CultureInfo.InvariantCulture);
            words.AddRange([host.Tools["SETPRIV"], "--reuid", text, "--regid", text, "--clear-groups"]);
        }

        words.AddRange([host.Tools["UNSHARE"], "--user", "--map-root-user", "--mount", "--pid", "--net", "--ipc", "--uts", "--fork", "--kill-child"]);

        // A session of its own: no terminal to push input into, and no process group shared with what is outside, which "kill 0" would reach.
        words.AddRange([host.Tools["SETSID"], host.Tools["BASH"], "--norc", "--noprofile", "-c", line]);
        return new(words[0], words.Skip(1)) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/" };
    }

    /// <summary>Sends a request without waiting for its answer.</summary>
    public async Task SendAsync(ReadOnlyMemory<byte> request)
    {
        try
        {
            await _requests.WriteAsync(request).ConfigureAwait(false);
            await _requests.FlushAsync().ConfigureAwait(false);
        }
        catch (IOException)
        {
            // The process is gone; the answer that does not come tells it, with the reason.
        }
    }

    /// <summary>Sends a request without fields, and reads its answer.</summary>
    public async Task<string> AskAsync(string request)
    {
        await SendAsync(Encoding.UTF8.GetBytes(request + "\n")).ConfigureAwait(false);
        return await AnswerAsync(Patience).ConfigureAwait(false);
    }

    /// <summary>The request to unpack an archive.</summary>
    public async Task SendArchiveAsync(byte[] archive, string folder)
    {
        await SendAsync(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"unpack\n{archive.Length}\0{folder}\0"))).ConfigureAwait(false);
        await SendAsync(archive).ConfigureAwait(false);
    }

    /// <summary>The beginning of a file in the box, or null where there is none.</summary>
    public async Task<string?> ReadFileAsync(string path, int mostCharacters)
    {
        await SendAsync(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"file\n{path}\0{mostCharacters}\0"))).ConfigureAwait(false);
        var answer = await AnswerAsync(Patience).ConfigureAwait(false);
        var text = await ReadToAsync(0, Patience).ConfigureAwait(false);
        return answer == "text" ? text : null;
    }

    /// <summary>The next answer.</summary>
    /// <exception cref="CapvecException">The box has ended, or does not answer in time.</exception>
    public Task<string> AnswerAsync(TimeSpan patience) => ReadToAsync((byte)'\n', patience);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_disposed)
            return;
        _disposed = true;
        try
        {
            await _requests.DisposeAsync().ConfigureAwait(false);
        }
        catch (IOException)
        {
            // It was gone already.
        }

        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        try
        {
            await _process.WaitForExitAsync(patience.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Its child is killed with it, and with that process 1 of the box.
            _process.Kill();
            await _process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
        }

        await _listening.ConfigureAwait(false);
        await _answers.DisposeAsync().ConfigureAwait(false);
        await _errors.DisposeAsync().ConfigureAwait(false);
        _process.Dispose();
    }

    private async Task<string> ReadToAsync(byte end, TimeSpan patience)
    {
        var text = new MemoryStream();
        while (true)
        {
            var found = _buffer.AsSpan(_from.._to).IndexOf(end);
            text.Write(_buffer, _from, found < 0 ? _to - _from : found);
            if (found >= 0)
            {
                _from += found + 1;
                return Encoding.UTF8.GetString(text.GetBuffer(), 0, (int)text.Length);
            }

            (_from, _to) = (0, 0);
            using var limit = new CancellationTokenSource(patience);
            try
            {
                _to = await _answers.ReadAsync(_buffer, limit.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException e)
            {
                throw new CapvecException(string.Create(CultureInfo.InvariantCulture, $"a sandbox has not answered for {patience.TotalSeconds} s; the machine may be out of memory or processor time. Run fewer trials at a time."), e);
            }

            if (_to == 0)
                throw await EndedAsync().ConfigureAwait(false);
        }
    }

    private async Task<CapvecException> EndedAsync()
    {
        await Task.WhenAny(_listening, Task.Delay(1000)).ConfigureAwait(false);
        var said = Diagnostics;
        return new($"a sandbox has ended by itself{(said.Length > 0 ? $" ({said})" : "")}; the machine may be out of memory, or somebody has killed it. Run the trial again.");
    }

    private async Task ListenAsync()
    {
        var buffer = new byte[1024];
        while (await _errors.ReadAsync(buffer).ConfigureAwait(false) is var count and > 0)
        {
            lock (_diagnostics)
            {
                if (_diagnostics.Length < MostDiagnostics)
                    _diagnostics.Append(Encoding.UTF8.GetString(buffer, 0, count));
            }
        }
    }
}
