using System.Runtime.InteropServices;

namespace Capvec.Peer.Llama;

/// <summary>ggml's reader of GGUF files (gguf.h of ggml-org/llama.cpp v0.5.0): what our files have to satisfy.</summary>
internal static class GgmlLibrary
{
    /// <summary>The library's file.</summary>
    public const string File = "libggml-base.so";

    /// <summary>Reads the header of a file; null where ggml refuses it.</summary>
    [DllImport(File, EntryPoint = "gguf_init_from_file")]
    public static extern nint Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, GgufOptions options);

    /// <summary>Frees a header.</summary>
    [DllImport(File, EntryPoint = "gguf_free")]
    public static extern void Close(nint file);

    /// <summary>Number of tensors.</summary>
    [DllImport(File, EntryPoint = "gguf_get_n_tensors")]
    public static extern long Tensors(nint file);

    /// <summary>Where the data of all tensors begin.</summary>
    [DllImport(File, EntryPoint = "gguf_get_data_offset")]
    public static extern nuint DataOffset(nint file);

    /// <summary>A tensor's name.</summary>
    [DllImport(File, EntryPoint = "gguf_get_tensor_name")]
    public static extern nint Name(nint file, long tensor);

    /// <summary>A tensor's type; 0 is float32.</summary>
    [DllImport(File, EntryPoint = "gguf_get_tensor_type")]
    public static extern int Type(nint file, long tensor);

    /// <summary>Where a tensor's data begin, from <see cref="DataOffset"/>.</summary>
    [DllImport(File, EntryPoint = "gguf_get_tensor_offset")]
    public static extern nuint Offset(nint file, long tensor);

    /// <summary>A tensor's bytes.</summary>
    [DllImport(File, EntryPoint = "gguf_get_tensor_size")]
    public static extern nuint Size(nint file, long tensor);
}
