namespace Capvec.Agents.Tasks;

/// <summary>A task folder in the Harbor / terminal-bench-2 layout, read and checked.</summary>
public sealed record HarborTask
{
    /// <summary>Absolute folder.</summary>
    public required string Folder { get; init; }

    /// <summary>The folder's name.</summary>
    public required string Name { get; init; }

    /// <summary>instruction.md as it stands.</summary>
    public required string Instruction { get; init; }

    /// <summary>SHA-256 over the folder's files, 16 hexadecimal digits.</summary>
    public required string Hash { get; init; }

    /// <summary>task.toml, unknown keys included.</summary>
    public required TaskConfig Config { get; init; }
}
