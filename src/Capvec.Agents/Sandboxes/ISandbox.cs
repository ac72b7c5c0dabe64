namespace Capvec.Agents.Sandboxes;

/// <summary>
/// One trial's private machine: its own files, processes and host name, no network. Set up from a task's environment, used by
/// one agent, then by the task's verifier, then thrown away.
/// </summary>
public interface ISandbox : IAsyncDisposable
{
    /// <summary>Runs <c>bash --norc -c command</c> in the working directory, with no standard input and a plain environment.</summary>
    Task<CommandResult> RunAsync(string command, TimeSpan timeout, CancellationToken cancellation = default);

    /// <summary>
    /// Ends every process of the agent, empties /logs/verifier, puts the task's tests into /tests, runs the verifier and reads its reward.
    /// </summary>
    Task<VerifierResult> VerifyAsync(CancellationToken cancellation = default);
}
