using Capvec.Numerics.Kernels;

namespace Capvec.Engine.Scheduling;

/// <summary>Sizes of an engine.</summary>
public sealed record EngineOptions
{
    /// <summary>Threads that compute.</summary>
    /// <value>The machine's processors.</value>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>Most token rows of one step, decode rows and prefill chunks together; at least <see cref="MaxSequences"/>.</summary>
    /// <value>512.</value>
    public int RowsPerStep { get; init; } = 512;

    /// <summary>Most sequences that run at once; further requests wait.</summary>
    /// <value>64.</value>
    public int MaxSequences { get; init; } = 64;

    /// <summary>Bytes of memory for states after prompts and replies, from which later requests with the same beginning start; 0 keeps none.</summary>
    /// <value>An eighth of the memory that the process may use, at most 2 GiB.</value>
    public long CacheBytes { get; init; } = Math.Min(2L << 30, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 8);

    /// <summary>Bytes of memory that weights, steps and states may take together (<see cref="MemoryPlan"/>).</summary>
    /// <value>What the process may use: the machine's memory, or its container's.</value>
    public long MemoryBytes { get; init; } = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    /// <summary>States are kept after every so many positions, beside those at the ends of prompts and replies and where prompts part.</summary>
    /// <value>512.</value>
    public int SnapshotEvery { get; init; } = 512;

    /// <summary>Instructions of the matrix kernels.</summary>
    /// <value>The fastest of this machine.</value>
    public KernelPath Kernels { get; init; } = KernelPaths.Default;

    /// <summary>What activations are in products with quantised weights.</summary>
    /// <value>14 bits and a sign. Weights in float32, bf16 and f16 always meet float32 activations.</value>
    public Activations Activations { get; init; }
}
