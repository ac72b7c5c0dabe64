using System.Buffers.Binary;
using System.Text;
using System.Text.Json.Nodes;
using Capvec.Formats.Errors;
using Capvec.Formats.Safetensors;
using Capvec.Formats.Tensors;

namespace Capvec.Engine.Baking;

/// <summary>Takes orthonormal directions out of a matrix, in float64 with one rounding to float32 at the end, and writes it back in the format it came in.</summary>
internal static class Orthogonalisation
{
    /// <summary>Of each row of [rows, hidden]: <c>w - sum_k (w.q_k) q_k</c>. A vector [hidden] is one row.</summary>
    public static void Rows(float[] matrix, IReadOnlyList<double[]> basis)
    {
        var hidden = basis[0].Length;
        var along = new double[basis.Count];
        for (var start = 0; start < matrix.Length; start += hidden)
        {
            var row = matrix.AsSpan(start, hidden);
            for (var k = 0; k < basis.Count; k++)
                along[k] = Dot(row, basis[k]);
            for (var i = 0; i < hidden; i++)
            {
                double value = row[i];
                for (var k = 0; k < basis.Count; k++)
                    value -= along[k] * basis[k][i];
                row[i] = (float)value;
            }
        }
    }

    /// <summary>Of each column of [hidden, inputs]: <c>W - sum_k q_k (q_k^T W)</c>.</summary>
    public static void Columns(float[] matrix, IReadOnlyList<double[]> basis)
    {
        var (hidden, inputs) = (basis[0].Length, matrix.Length / basis[0].Length);
        var along = basis.Select(q => ColumnsAlong(matrix, q)).ToArray();
        for (var i = 0; i < hidden; i++)
        {
            for (var j = 0; j < inputs; j++)
            {
                double value = matrix[(i * inputs) + j];
                for (var k = 0; k < along.Length; k++)
                    value -= basis[k][i] * along[k][j];
                matrix[(i * inputs) + j] = (float)value;
            }
        }
    }

    /// <summary>The largest component along a direction, as a share of the length, of the rows of [rows, hidden] or the columns of [hidden, inputs].</summary>
    public static double LargestShare(float[] matrix, IReadOnlyList<double[]> basis, bool isRows)
    {
        var hidden = basis[0].Length;
        var count = matrix.Length / hidden;
        var squares = new double[count];
        for (var i = 0; i < matrix.Length; i++)
            squares[isRows ? i / hidden : i % count] += (double)matrix[i] * matrix[i];
        var largest = 0.0;
        foreach (var q in basis)
        {
            var along = isRows ? [.. Enumerable.Range(0, count).Select(r => Dot(matrix.AsSpan(r * hidden, hidden), q))] : ColumnsAlong(matrix, q);
            for (var i = 0; i < count; i++)
                largest = Math.Max(largest, squares[i] > 0 ? Math.Abs(along[i]) / Math.Sqrt(squares[i]) : 0);
        }

        return largest;
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

    private static double Dot(ReadOnlySpan<float> row, double[] q)
    {
        var sum = 0.0;
        for (var i = 0; i < q.Length; i++)
            sum += row[i] * q[i];
        return sum;
    }

    // [inputs]: q^T W.
    private static double[] ColumnsAlong(float[] matrix, double[] q)
    {
        var inputs = matrix.Length / q.Length;
        var along = new double[inputs];
        for (var i = 0; i < q.Length; i++)
        {
            for (var j = 0; j < inputs; j++)
                along[j] += q[i] * matrix[(i * inputs) + j];
        }

        return along;
    }
}
