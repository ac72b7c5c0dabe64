using Capvec.Agents.Sandboxes;
using Capvec.Agents.Tasks;

namespace Capvec.Agents.Tests;

/// <summary>A machine whose answers are known, for tests of what is made of them. Tests of commands that really run use the namespaces.</summary>
internal sealed class ScriptedSandbox(Func<string, CommandResult> shell, Func<VerifierResult>? verifier = null) : ISandbox, ISandboxFactory
{
    public string Name => "scripted";

    public bool Disposed { get; private set; }

    public TimeSpan LastTimeout { get; private set; }

    public Task<CommandResult> RunAsync(string command, TimeSpan timeout, CancellationToken cancellation = default)
    {
        LastTimeout = timeout;
        return Task.FromResult(shell(command));
    }

    public Task<VerifierResult> VerifyAsync(CancellationToken cancellation = default) => Task.FromResult(verifier?.Invoke() ?? new(1, null, ""));

    public Task<ISandbox> CreateAsync(HarborTask task, CancellationToken cancellation = default) => Task.FromResult<ISandbox>(this);

    public ValueTask DisposeAsync()
    {
        Disposed = true;
        return ValueTask.CompletedTask;
    }
}
