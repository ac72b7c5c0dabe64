using System.Buffers.Binary;
using System.Text;
using System.Text.Json.Nodes;
using Capvec.Formats.Errors;
using Capvec.Formats.Safetensors;
using Capvec.Formats.Tensors;

namespace Capvec.Engine.Baking;

/// <summary>Takes a unit direction out of a matrix, in float64, and writes it back in the format it came in.</summary>
internal static class Orthogonalisation
{
    /// <summary>Of each row of [rows, hidden]: <c>w - (w.u) u</c>.</summary>
    public static void Rows(float[] matrix, double[] unit)
    {
        for (var start = 0; start < matrix.Length; start += unit.Length)
        {
            var row = matrix.AsSpan(start, unit.Length);
            var along = 0.0;
            for (var i = 0; i < unit.Length; i++)
                along += row[i] * unit[i];
            for (var i = 0; i < unit.Length; i++)
                row[i] = (float)(row[i] - (along * unit[i]));
        }
    }

    /// <summary>Of each column of [hidden, inputs]: <c>W - u (u^T W)</c>.</summary>
    public static void Columns(float[] matrix, double[] unit)
    {
        var inputs = matrix.Length / unit.Length;
        var along = new double[inputs];
        for (var i = 0; i < unit.Length; i++)
        {
            for (var j = 0; j < inputs; j++)
                along[j] += unit[i] * matrix[(i * inputs) + j];
        }

        for (var i = 0; i < unit.Length; i++)
        {
            for (var j = 0; j < inputs; j++)
                matrix[(i * inputs) + j] = (float)(matrix[(i * inputs) + j] - (unit[i] * along[j]));
        }
    }

    /// <summary>Values in the tensor's own format, rounded to nearest.</summary>
    /// <exception cref="CapvecException">The format is not one of float32, float16 and bf16.</exception>
    public static byte[] Bytes(float[] values, SafetensorsTensor tensor)
    {
        var bytes = new byte[tensor.ByteLength];
        var size = tensor.Dtype.Size();
        for (var i = 0; i < values.Length; i++)
        {
            var at = bytes.AsSpan(i * size);
            switch (tensor.Dtype)
            {
                case ElementType.F32:
                    BinaryPrimitives.WriteSingleLittleEndian(at, values[i]);
                    break;
                case ElementType.F16:
                    BinaryPrimitives.WriteHalfLittleEndian(at, (Half)values[i]);
                    break;
                case ElementType.BF16:
                    BinaryPrimitives.WriteUInt16LittleEndian(at, ElementConversion.ToBFloat16(values[i]));
                    break;
                default:
                    throw new CapvecException($"{tensor.Name} is stored as {tensor.Dtype}; weights in float32, float16 or bf16 can be baked.");
            }
        }

        return bytes;
    }

    /// <summary>Writes a safetensors file of one tensor, whose bytes are kept as they are.</summary>
    public static void WriteOne(string path, string name, SafetensorsTensor like, byte[] bytes)
    {
        var dtype = like.Dtype switch { ElementType.F16 => "F16", ElementType.BF16 => "BF16", _ => "F32" };
        var header = new JsonObject
        {
            [name] = new JsonObject
            {
                ["dtype"] = dtype,
                ["shape"] = new JsonArray([.. like.Shape.Select(n => (JsonNode)n)]),
                ["data_offsets"] = new JsonArray(0, bytes.LongLength),
            },
        }.ToJsonString();
        var text = Encoding.UTF8.GetBytes(header.PadRight((header.Length + 7) / 8 * 8));
        using var file = File.Create(path);
        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, text.Length);
        file.Write(length);
        file.Write(text);
        file.Write(bytes);
    }
}
