using System.Globalization;
using System.Runtime.InteropServices;
using Capvec.Formats.Errors;

namespace Capvec.Peer.Llama;

/// <summary>
/// A control vector read as llama.cpp's loader reads it, through ggml and not through our reader: <c>direction.N</c>, float32, goes to row N - 1 of a buffer that begins with block 1, and
/// <c>llama_set_adapter_cvec</c> adds that row to the output of the 0-based block N.
/// </summary>
internal static class ControlVectorFile
{
    private const string Prefix = "direction.";

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="layers">Blocks of the model.</param>
    /// <param name="hidden">Width of its residual stream.</param>
    /// <param name="strength">What every vector is multiplied by.</param>
    /// <returns>[layers - 1, hidden].</returns>
    /// <exception cref="CapvecException">ggml refuses the file, or llama.cpp's loader would.</exception>
    public static float[] Read(string path, int layers, int hidden, float strength)
    {
        var file = GgmlLibrary.Open(path, new GgufOptions { NoData = 1 });
        if (file == 0)
            throw new CapvecException($"{path}: ggml cannot read this file; its message stands above.");
        try
        {
            using var stream = File.OpenRead(path);
            var rows = new float[(layers - 1) * hidden];
            for (var i = 0L; i < GgmlLibrary.Tensors(file); i++)
            {
                var name = Marshal.PtrToStringUTF8(GgmlLibrary.Name(file, i))!;
                if (!name.StartsWith(Prefix, StringComparison.Ordinal) || !int.TryParse(name.AsSpan(Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var layer) || layer == 0
                    || GgmlLibrary.Type(file, i) != 0 || GgmlLibrary.Size(file, i) != (nuint)(hidden * sizeof(float)))
                    throw new CapvecException($"{path}: llama.cpp refuses files with the tensor '{name}'; expected direction.N, N from 1, of {hidden} float32.");
                if (layer >= layers)
                    continue;
                var vector = new float[hidden];
                stream.Position = (long)(GgmlLibrary.DataOffset(file) + GgmlLibrary.Offset(file, i));
                stream.ReadExactly(MemoryMarshal.AsBytes(vector.AsSpan()));
                for (var c = 0; c < hidden; c++)
                    rows[((layer - 1) * hidden) + c] += strength * vector[c];
            }

            return rows;
        }
        finally
        {
            GgmlLibrary.Close(file);
        }
    }
}
