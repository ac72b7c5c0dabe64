namespace Capvec.Agents.Sandboxes;

/// <summary>Limits of a sandbox made of namespaces; a task's own memory and storage go before the defaults.</summary>
public sealed record NamespaceSandboxOptions
{
    /// <summary>Most processes and threads at a time.</summary>
    public int MostProcesses { get; init; } = 256;

    /// <summary>Most open files of a process.</summary>
    public int MostOpenFiles { get; init; } = 1024;

    /// <summary>Address space of a process in MiB where the task names no memory.</summary>
    public long DefaultMemoryMb { get; init; } = 2048;

    /// <summary>Size of the box's file system in MiB where the task names no storage; it lies in the host's memory.</summary>
    public long DefaultStorageMb { get; init; } = 512;

    /// <summary>Most storage in MiB that a task gets, whatever it asks for, because it lies in the host's memory.</summary>
    public long MostStorageMb { get; init; } = 2048;

    /// <summary>Processor time of a process in seconds.</summary>
    public int ProcessorSeconds { get; init; } = 3600;

    /// <summary>Bytes of each output of a command that are kept.</summary>
    public int KeptOutputBytes { get; init; } = 1 << 20;

    /// <summary>Whether memory and processes of a whole box are limited by a control group too, where one can be made.</summary>
    public bool UseControlGroups { get; init; } = true;
}
