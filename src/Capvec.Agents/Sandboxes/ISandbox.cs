namespace Capvec.Agents.Sandboxes;

/// <summary>
/// One trial's private machine: its own files, processes and host name, no network. Set up from a task's environment, used by
/// one agent, then by the task's verifier, then thrown away.
/// </summary>
public interface ISandbox : IAsyncDisposable
{
    /// <summary>How the machine was set up: what stands for the base image, the limits in force, what RUN printed. For traces and users.</summary>
    string BuildLog => "";

    /// <summary>
    /// Runs <c>bash --norc -c command</c> in the working directory, with no standard input and a plain environment. It has ended when the last
    /// process that holds its output has, so a background process that keeps printing counts as a time-out; what it started is killed then.
    /// </summary>
    /// <param name="command">A line for bash; NUL characters, which no argument can hold, are left out.</param>
    /// <param name="timeout">The time limit.</param>
    /// <param name="cancellation">Ends the command; the sandbox stays usable.</param>
    Task<CommandResult> RunAsync(string command, TimeSpan timeout, CancellationToken cancellation = default);

    /// <summary>
    /// Ends every process of the agent, empties /logs/verifier, puts the task's tests into /tests, runs the verifier and reads its reward.
    /// Once a sandbox.
    /// </summary>
    Task<VerifierResult> VerifyAsync(CancellationToken cancellation = default);
}
