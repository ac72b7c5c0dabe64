using System.Buffers;
using Capvec.Engine.Families;
using Capvec.Engine.Network;
using Capvec.Formats.Errors;
using Capvec.Formats.Gguf;
using Capvec.Numerics.Kernels;

namespace Capvec.Engine.Loading;

/// <summary>
/// The tensors of a GGUF file. Converters reorder some rows and columns for llama.cpp; here they are back in the order of the original checkpoint, so that
/// adapters of that checkpoint fit.
/// </summary>
internal sealed class GgufSource(GgufFile file, ModelFamily family, ModelConfig config) : WeightSource
{
    public override string Path => file.Path;

    public override IReadOnlyList<string> Files => file.Files;

    public override long TotalBytes => file.Tensors.Values.Sum(t => t.ByteLength);

    public override long MemoryBytes => file.Tensors.Values.Sum(t => Kept(t.Type) == WeightFormat.Float32 ? 4 * t.Shape.Aggregate(1L, (count, n) => count * n) : t.ByteLength);

    public override bool Has(string name) => file.Tensors.ContainsKey(Place(name).Tensor);

    public override long Bytes(string name) => Find(name).ByteLength;

    // bf16, f16 and the block types that have kernels stay as they are; other quantised weights, and those whose reordered columns cut blocks, are widened to what their blocks stand for.
    public override WeightFormat Format(string name)
    {
        var tensor = Find(name);
        var format = Kept(tensor.Type);
        return format.IsQuantised() && !KeepsBlocks(Place(name).Column, tensor.Shape[^1], format.ColumnMultiple()) ? WeightFormat.Float32 : format;
    }

    public override void Check(string name, params long[] shape)
    {
        // Sizes of 1 are squeezed by converters.
        var tensor = Find(name);
        if (!tensor.Shape.Where(n => n != 1).SequenceEqual(shape.Where(n => n != 1)))
            throw new CapvecException($"{Path}: tensor {tensor.Name} has shape {tensor.ShapeText}; the metadata ask for [{string.Join(", ", shape.Where(n => n != 1))}]. The file is of a variant that is not supported, or broken.");
    }

    public override void ReadRows(string name, int first, int rows, Span<float> values)
    {
        var place = Place(name);
        var columns = values.Length / rows;
        if (place.Row is null)
            file.ReadFloat32(place.Tensor, first, rows, values);
        for (var i = 0; i < rows; i++)
        {
            var row = values.Slice(i * columns, columns);
            if (place.Row is { } from)
                file.ReadFloat32(place.Tensor, from(first + i), 1, row);
            if (place.Column is { } column)
                Reorder(row, column);
        }
    }

    public override void ReadBlocks(string name, int first, int rows, Span<byte> blocks)
    {
        var place = Place(name);
        var format = Format(name);
        var bytes = blocks.Length / rows;
        if (place.Row is null)
            file.ReadRaw(place.Tensor, first, rows, blocks);
        for (var i = 0; i < rows; i++)
        {
            var row = blocks.Slice(i * bytes, bytes);
            if (place.Row is { } from)
                file.ReadRaw(place.Tensor, from(first + i), 1, row);
            if (place.Column is { } column)
                ReorderBlocks(row, format, column);
        }
    }

    /// <exception cref="CapvecException">A tensor of the blocks is not used: whatever it is for would be left out of the computation.</exception>
    public override IEnumerable<string> Rest(IReadOnlySet<string> used)
    {
        var places = used.Select(name => Place(name).Tensor).ToHashSet(StringComparer.Ordinal);
        var predicting = file.Tensors.Keys.Where(n => n.Contains(".nextn.", StringComparison.Ordinal)).Select(Block).ToHashSet(StringComparer.Ordinal);
        var rest = file.Tensors.Keys.Where(n => !places.Contains(n) && n != Rotary.GgufFactors).ToLookup(n => predicting.Contains(Block(n)));
        if (rest[false].FirstOrDefault() is { } unknown)
            throw new CapvecException($"{Path}: {rest[false].Count()} tensors have no part in a {config.Family} model as this version knows it, such as {unknown}; the file is of a variant that is not supported.");
        return rest[true].Any() ? [$"{rest[true].Count()} tensors of the multi-token-prediction head are not used."] : [];
    }

    private static void Reorder(Span<float> row, Func<int, int> column)
    {
        var stored = ArrayPool<float>.Shared.Rent(row.Length);
        row.CopyTo(stored);
        for (var c = 0; c < row.Length; c++)
            row[c] = stored[column(c)];
        ArrayPool<float>.Shared.Return(stored);
    }

    private static WeightFormat Kept(GgufType type) => type switch
    {
        GgufType.BF16 => WeightFormat.BFloat16,
        GgufType.F16 => WeightFormat.Float16,
        GgufType.Q8_0 => WeightFormat.Q8_0,
        GgufType.Q4_0 => WeightFormat.Q4_0,
        GgufType.Q4_K => WeightFormat.Q4_K,
        GgufType.Q6_K => WeightFormat.Q6_K,
        _ => WeightFormat.Float32,
    };

    private static void ReorderBlocks(Span<byte> row, WeightFormat format, Func<int, int> column)
    {
        var (columns, bytes) = (format.ColumnMultiple(), format.FileRowBytes(format.ColumnMultiple()));
        var stored = ArrayPool<byte>.Shared.Rent(row.Length);
        row.CopyTo(stored);
        for (var block = 0; block < row.Length / bytes; block++)
            stored.AsSpan(column(block * columns) / columns * bytes, bytes).CopyTo(row[(block * bytes)..]);
        ArrayPool<byte>.Shared.Return(stored);
    }

    // Whether a reordering of columns moves whole blocks.
    private static bool KeepsBlocks(Func<int, int>? column, long columns, int block)
    {
        for (var c = 0; column is not null && c < columns; c++)
        {
            if (column(c) != column(c / block * block) + (c % block) || column(c / block * block) % block != 0)
                return false;
        }

        return true;
    }

    // "blk.32" of "blk.32.attn_q.weight".
    private static string Block(string tensor) => string.Join('.', tensor.Split('.').Take(2));

    private GgufPlace Place(string name) => family.Place(name, config);

    private GgufTensor Find(string name) => file.Find(Place(name).Tensor);
}
