using Capvec.Agents.Tasks;

namespace Capvec.Agents.Sandboxes;

/// <summary>Makes sandboxes of one kind (namespaces, containers).</summary>
public interface ISandboxFactory
{
    /// <summary>Name shown to users and kept in traces, for example "namespaces".</summary>
    string Name { get; }

    /// <summary>Sets up a sandbox for a task: base system, Dockerfile steps, working directory.</summary>
    /// <exception cref="Capvec.Formats.Errors.CapvecException">The task needs what this kind of sandbox cannot do, or the set-up failed.</exception>
    Task<ISandbox> CreateAsync(HarborTask task, CancellationToken cancellation = default);
}
