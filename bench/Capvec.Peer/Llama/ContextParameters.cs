using System.Runtime.InteropServices;

namespace Capvec.Peer.Llama;

/// <summary>
/// llama_context_params of v0.5.0, the fields that are set here. Whether they lie where they should is seen from the defaults (512, 2048, 512, 1)
/// and, once a context is made, from what it says about itself. The room is larger than the struct, as in <see cref="ModelParameters"/>.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = 256)]
internal struct ContextParameters
{
    /// <summary>Positions of all sequences together.</summary>
    [FieldOffset(0)]
    public uint Length;

    /// <summary>Most tokens of a call.</summary>
    [FieldOffset(4)]
    public uint Batch;

    /// <summary>Most tokens computed at once.</summary>
    [FieldOffset(8)]
    public uint MicroBatch;

    /// <summary>Most sequences.</summary>
    [FieldOffset(12)]
    public uint Sequences;

    /// <summary>Threads that write.</summary>
    [FieldOffset(28)]
    public int Threads;

    /// <summary>Threads that read prompts.</summary>
    [FieldOffset(32)]
    public int BatchThreads;
}
