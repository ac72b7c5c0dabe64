using System.Runtime.InteropServices;

namespace Capvec.Peer.Llama;

/// <summary>gguf_init_params: the header alone is read.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct GgufOptions
{
    /// <summary>1: do not read the tensors' data.</summary>
    public byte NoData;

    /// <summary>Where a context of tensors would be put; none is wanted.</summary>
    public nint Context;
}
