using System.Diagnostics;
using System.Globalization;
using System.Text;
using Capvec.Agents.Sandboxes.Namespaces;
using Capvec.Agents.Tasks;
using Capvec.Formats.Errors;

namespace Capvec.Agents.Sandboxes;

/// <summary>
/// A box made of Linux namespaces: see docs/sandbox.md for what is walled off and how. Commands run one after the other; calls that
/// come meanwhile wait. It ends, with everything in it, when it is disposed or when this program ends.
/// </summary>
public sealed class NamespaceSandbox : ISandbox
{
    /// <summary>Variables of every command, besides those of the task.</summary>
    internal static readonly IReadOnlyDictionary<string, string> Variables = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["PATH"] = "/usr/bin:/bin",
        ["HOME"] = "/root",
        ["LC_ALL"] = "C.UTF-8",
        ["TERM"] = "dumb",
    };

    private const string VerifierLine = $"(/tests/test.sh) > {BoxLayout.VerifierLogs}/test-stdout.txt 2>&1";
    private const int LongestVerifierOutput = 65_536;

    private readonly HarborTask _task;
    private readonly BoxImage _image;
    private readonly NamespaceSandboxOptions _options;
    private readonly Keeper _keeper;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly StringBuilder _log = new();
    private OutputPipe? _output;
    private OutputPipe? _error;
    private ControlGroup? _group;
    private bool _verified;
    private bool _broken;
    private bool _disposed;

    private NamespaceSandbox(HarborTask task, BoxImage image, NamespaceSandboxOptions options, Keeper keeper) =>
        (_task, _image, _options, _keeper) = (task, image, options, keeper);

    /// <inheritdoc/>
    public string BuildLog => _log.ToString();

    /// <summary>The number by which the host knows the box's first process.</summary>
    internal int HostProcess { get; private set; }

    /// <inheritdoc/>
    public async Task<CommandResult> RunAsync(string command, TimeSpan timeout, CancellationToken cancellation = default)
    {
        await _turn.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            CheckUsable();
            return await RunAsync(new BoxCommand(command, BoxCommand.Bash, _image.WorkingDirectory, _image.Variables), timeout, cancellation).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <inheritdoc/>
    public async Task<VerifierResult> VerifyAsync(CancellationToken cancellation = default)
    {
        await _turn.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            CheckUsable();
            if (_verified)
                throw new InvalidOperationException("a sandbox is verified once");
            _verified = true;
            return await VerifyCoreAsync(cancellation).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_disposed)
            return;
        _disposed = true;
        await _keeper.DisposeAsync().ConfigureAwait(false);
        _output?.Dispose();
        _error?.Dispose();
        _group?.Dispose();
        _turn.Dispose();
    }

    /// <summary>Sets a box up.</summary>
    internal static async Task<NamespaceSandbox> CreateAsync(
        HarborTask task, BoxImage image, HostSystem host, NamespaceSandboxOptions options, long memoryMb, long storageMb, CancellationToken cancellation)
    {
        var keeper = Keeper.Start(host, BoxUser.Next(), Variables.Concat(BoxLayout.Describe(host, options, memoryMb, storageMb)));
        var sandbox = new NamespaceSandbox(task, image, options, keeper);
        try
        {
            await sandbox.SetUpAsync(host, memoryMb, storageMb, cancellation).ConfigureAwait(false);
            return sandbox;
        }
        catch
        {
            await sandbox.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private async Task SetUpAsync(HostSystem host, long memoryMb, long storageMb, CancellationToken cancellation)
    {
        // The archive is on its way while the file systems are mounted.
        var sending = _image.Steps[0].Archive is { } first ? _keeper.SendArchiveAsync(first, "/") : Task.CompletedTask;
        var ready = await _keeper.AnswerAsync(Keeper.Patience).ConfigureAwait(false);
        if (!ready.StartsWith("ready ", StringComparison.Ordinal))
            throw new CapvecException($"a sandbox cannot be set up ({await SaidAsync().ConfigureAwait(false)}); the system may limit what user namespaces can mount. See docs/sandbox.md, or use the container sandbox.");
        HostProcess = int.Parse(ready["ready ".Length..], CultureInfo.InvariantCulture);
        try
        {
            (_output, _error) = (new(HostProcess, 3), new(HostProcess, 4));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CapvecException($"a sandbox's output cannot be read ({e.Message}); this process may not look into its own children. Run it with the capability sys_ptrace, or as an ordinary user.", e);
        }

        if (_options.UseControlGroups)
            _group = ControlGroup.TryCreate(HostProcess, memoryMb + storageMb, _options.MostProcesses + 16);
        Log($"FROM {_image.Dockerfile.BaseImage}: the host's own system stands for it ({host.Name}, read-only)");
        Log($"limits: {_options.MostProcesses} processes, {_options.MostOpenFiles} open files and {memoryMb} MiB of memory a process, {_options.ProcessorSeconds} s of processor time a process, {storageMb} MiB of storage; the whole box: {_group?.Description ?? "no further limit"}");
        await sending.ConfigureAwait(false);
        using var limit = new CancellationTokenSource(_task.Config.BuildTimeout);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, limit.Token);
        try
        {
            await FillAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new CapvecException(string.Create(CultureInfo.InvariantCulture, $"{_image.DockerfilePath}: the machine was not set up within {_task.Config.BuildTimeout.TotalSeconds} s. Raise build_timeout_sec, or do less in RUN."));
        }
    }

    private async Task FillAsync(CancellationToken cancellation)
    {
        for (var i = 0; i < _image.Steps.Count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            var step = _image.Steps[i];
            if (step.Command is { } run)
            {
                await BuildAsync(run, cancellation).ConfigureAwait(false);
                continue;
            }

            if (i > 0)
                await _keeper.SendArchiveAsync(step.Archive!, "/").ConfigureAwait(false);
            if (await _keeper.AnswerAsync(_task.Config.BuildTimeout).ConfigureAwait(false) != "done")
                throw new CapvecException($"{_image.DockerfilePath}: the files could not be put into the sandbox ({await SaidAsync().ConfigureAwait(false)}). Check their size and place, or leave the task out.");
        }
    }

    private async Task BuildAsync(Dockerfiles.RunStep run, CancellationToken cancellation)
    {
        var command = new BoxCommand(run.Command, BoxCommand.Sh, run.WorkingDirectory, [.. run.Environment.Select(v => $"{v.Key}={v.Value}")]);
        var result = await RunAsync(command, _task.Config.BuildTimeout, cancellation).ConfigureAwait(false);
        Log($"RUN {run.Command}: exit {result.ExitCode}");
        if ((result.Output + result.Error).TrimEnd() is { Length: > 0 } text)
            _log.Append(text).Append('\n');
        if (result.ExitCode == 0 && !result.TimedOut)
            return;
        var said = (result.Error.Trim().Length > 0 ? result.Error : result.Output).Trim();
        throw new CapvecException(string.Create(
            CultureInfo.InvariantCulture,
            $"{_image.DockerfilePath}, line {run.Line}: RUN ended with {(result.TimedOut ? "a time-out" : $"status {result.ExitCode}")} ({(said.Length > 300 ? said[^300..] : said)}). In this sandbox there is no network and /usr is the host's, read-only; if the command needs more, it needs the container sandbox."));
    }

    private async Task<VerifierResult> VerifyCoreAsync(CancellationToken cancellation)
    {
        // Nothing of the agent runs from here on, so nothing can come between these steps.
        await ExpectDoneAsync("sweep").ConfigureAwait(false);
        await ExpectDoneAsync("mount").ConfigureAwait(false);
        await _keeper.SendArchiveAsync(_image.Tests, "/tests").ConfigureAwait(false);
        if (await _keeper.AnswerAsync(Keeper.Patience).ConfigureAwait(false) != "done")
            throw new CapvecException($"the tests of task {_task.Name} could not be put into the sandbox ({await SaidAsync().ConfigureAwait(false)}). Check tests/.");
        var command = new BoxCommand(VerifierLine, BoxCommand.Bash, _image.WorkingDirectory, _image.VerifierVariables);
        var result = await RunAsync(command, _task.Config.VerifierTimeout, cancellation).ConfigureAwait(false);
        await ExpectDoneAsync("sweep").ConfigureAwait(false);
        var output = await _keeper.ReadFileAsync($"{BoxLayout.VerifierLogs}/test-stdout.txt", LongestVerifierOutput).ConfigureAwait(false) ?? result.Error;
        if (result.TimedOut)
            return new(null, string.Create(CultureInfo.InvariantCulture, $"the tests did not end within {_task.Config.VerifierTimeout.TotalSeconds} s"), output);
        var json = await _keeper.ReadFileAsync($"{BoxLayout.VerifierLogs}/reward.json", Reward.LongestFile).ConfigureAwait(false);
        var text = json is null ? await _keeper.ReadFileAsync($"{BoxLayout.VerifierLogs}/reward.txt", Reward.LongestFile).ConfigureAwait(false) : null;
        var (value, failure) = Reward.Read(json, text);
        return new(value, failure, output);
    }

    /// <summary>Runs a command to its end. Whatever happens, none of its processes is left that holds its output.</summary>
    private async Task<CommandResult> RunAsync(BoxCommand command, TimeSpan timeout, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var began = Stopwatch.GetTimestamp();
        await _keeper.SendAsync(command.ToRequest()).ConfigureAwait(false);
        if (await _keeper.AnswerAsync(Keeper.Patience).ConfigureAwait(false) != "started")
            throw Broken("did not start a command");
        using var output = _output!.Read(_options.KeptOutputBytes);
        using var error = _error!.Read(_options.KeptOutputBytes);
        var finished = Task.WhenAll(output.Finished, error.Finished);
        int? status = null;
        try
        {
            await finished.WaitAsync(Left(timeout, began), cancellation).ConfigureAwait(false);
            status = await WaitForStatusAsync(timeout, began, cancellation).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // Told by the missing status.
        }
        finally
        {
            if (status is null)
                await EndCommandAsync(output, error, finished).ConfigureAwait(false);
        }

        return new(output.Text, error.Text, status ?? 137, status is null) { Truncated = output.Truncated || error.Truncated };
    }

    private async Task<int> WaitForStatusAsync(TimeSpan timeout, long began, CancellationToken cancellation)
    {
        for (var pause = 1; ; pause = Math.Min(pause * 2, 50))
        {
            var answer = await _keeper.AskAsync("status").ConfigureAwait(false);
            if (answer.StartsWith("exit ", StringComparison.Ordinal))
                return int.Parse(answer["exit ".Length..], CultureInfo.InvariantCulture);
            if (Left(timeout, began) == TimeSpan.Zero)
                throw new TimeoutException();

            // It has closed its output and still runs.
            await Task.Delay(pause, cancellation).ConfigureAwait(false);
        }
    }

    private async Task EndCommandAsync(OutputReader output, OutputReader error, Task finished)
    {
        await ExpectDoneAsync("end").ConfigureAwait(false);
        output.CommandHasEnded();
        error.CommandHasEnded();
        try
        {
            await finished.WaitAsync(Keeper.Patience).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw Broken("could not end a command");
        }
    }

    private static TimeSpan Left(TimeSpan timeout, long began)
    {
        // Timers take at most some 49 days.
        var left = (timeout > TimeSpan.FromDays(40) ? TimeSpan.FromDays(40) : timeout) - Stopwatch.GetElapsedTime(began);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    private async Task ExpectDoneAsync(string request)
    {
        if (await _keeper.AskAsync(request).ConfigureAwait(false) != "done")
            throw Broken($"did not {request} ({await SaidAsync().ConfigureAwait(false)})");
    }

    /// <summary>What the tools said, once the process that says "failed" has ended.</summary>
    private async Task<string> SaidAsync()
    {
        _broken = true;
        await _keeper.DisposeAsync().ConfigureAwait(false);
        return _keeper.Diagnostics is { Length: > 0 } said ? said : "no reason was given";
    }

    private CapvecException Broken(string what)
    {
        _broken = true;
        return new($"the sandbox of task {_task.Name} {what}. Run the trial again; if it stays so, run fewer at a time.");
    }

    private void CheckUsable()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_broken)
            throw new CapvecException($"the sandbox of task {_task.Name} has failed before and cannot be used. Run the trial again.");
    }

    private void Log(FormattableString line) => _log.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
}
