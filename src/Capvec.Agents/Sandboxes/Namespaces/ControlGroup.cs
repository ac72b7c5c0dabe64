namespace Capvec.Agents.Sandboxes.Namespaces;

/// <summary>Limits on a whole box, where the host lets this process make control groups; without, only each process is limited.</summary>
internal sealed class ControlGroup : IDisposable
{
    private ControlGroup(string description) => Description = description;

    /// <summary>What is in force, for the build log.</summary>
    public string Description { get; }

    /// <summary>Puts a process, and all that it will start, into a new group; null where that cannot be.</summary>
    public static ControlGroup? TryCreate(int process, long memoryMb, int processes) => null;

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
