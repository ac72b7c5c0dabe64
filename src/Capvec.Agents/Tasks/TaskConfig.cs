namespace Capvec.Agents.Tasks;

/// <summary>The keys of task.toml that Capvec acts on, and all the rest as read.</summary>
public sealed record TaskConfig
{
    /// <summary>[metadata], free: strings, numbers (long, double), booleans, lists and nested tables.</summary>
    public required IReadOnlyDictionary<string, object?> Metadata { get; init; }

    /// <summary>[agent].timeout_sec, or null for no limit.</summary>
    public TimeSpan? AgentTimeout { get; init; }

    /// <summary>[verifier].timeout_sec.</summary>
    public TimeSpan VerifierTimeout { get; init; } = TimeSpan.FromSeconds(600);

    /// <summary>[environment].build_timeout_sec.</summary>
    public TimeSpan BuildTimeout { get; init; } = TimeSpan.FromSeconds(600);

    /// <summary>[environment].cpus, or null.</summary>
    public int? Cpus { get; init; }

    /// <summary>[environment].memory or memory_mb in MiB, or null.</summary>
    public long? MemoryMb { get; init; }

    /// <summary>[environment].storage or storage_mb in MiB, or null.</summary>
    public long? StorageMb { get; init; }

    /// <summary>[environment].workdir, which goes before the Dockerfile's WORKDIR, or null.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>[environment.env]: variables of every command in the task's machine.</summary>
    public IReadOnlyDictionary<string, string> EnvironmentVariables { get; init; } = new Dictionary<string, string>();

    /// <summary>[verifier.env]: variables that only the verifier sees, over those of the environment.</summary>
    public IReadOnlyDictionary<string, string> VerifierVariables { get; init; } = new Dictionary<string, string>();

    /// <summary>Everything in the file, tables as dictionaries.</summary>
    public required IReadOnlyDictionary<string, object?> All { get; init; }
}
