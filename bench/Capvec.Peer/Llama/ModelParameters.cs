using System.Runtime.InteropServices;

namespace Capvec.Peer.Llama;

/// <summary>
/// llama_model_params, taken from the library and handed back as it is. The room is larger than the struct of any version: the callee reads
/// and writes only its own length, since structs of this size go through memory.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = 256)]
internal struct ModelParameters
{
    /// <summary>Layers on a GPU; below 0 means all, which on a machine without one means none.</summary>
    [FieldOffset(16)]
    public int GpuLayers;
}
