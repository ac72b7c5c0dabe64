using Capvec.Numerics.Kernels.Quantised;
using Capvec.Numerics.Memory;

namespace Capvec.Numerics.Kernels;

/// <summary>
/// A weight matrix <c>[rows, columns]</c> (rows = outputs, <c>y = W x</c>) repacked once into panels of 32 rows, zero-padded at the end.
/// </summary>
/// <remarks>
/// Panel p holds rows 32p .. 32p+31, column by column, so that a kernel reads it front to back:
/// <code>
/// Float32:  float [columns][32]            column k, rows 0..31
/// BFloat16: uint  [columns][16]            lane i: low half = row i, high half = row i + 16
/// Float16:  uint  [columns][16]            the same, for <see cref="Float16Panel"/>
/// </code>
/// One 64-byte load of the bf16 form gives two vectors of 16 weights: <c>v &lt;&lt; 16</c> and <c>v &amp; 0xFFFF0000</c>.
/// The quantised formats are described at <see cref="PanelLayout"/>.
/// </remarks>
public sealed unsafe class PackedMatrix : IDisposable
{
    /// <summary>Rows of a panel.</summary>
    public const int PanelRows = 32;

    private readonly NativeBuffer<uint> _data;
    private readonly long _panelWords;

    /// <summary>Allocates a zero matrix; fill it with <see cref="SetRow"/> or <see cref="SetBlocks"/>.</summary>
    public PackedMatrix(int rows, int columns, WeightFormat format)
    {
        if (columns % format.ColumnMultiple() != 0)
            throw new ArgumentException($"{format} needs rows of a multiple of {format.ColumnMultiple()} columns, not {columns}", nameof(columns));
        (Rows, Columns, Format) = (rows, columns, format);
        Panels = (rows + PanelRows - 1) / PanelRows;
        _panelWords = format.PanelBytes(columns) / sizeof(uint);
        _data = new NativeBuffer<uint>(Panels * _panelWords);
    }

    /// <summary>Number of outputs.</summary>
    public int Rows { get; }

    /// <summary>Number of inputs.</summary>
    public int Columns { get; }

    /// <summary>Number of panels, the last one padded.</summary>
    public int Panels { get; }

    /// <summary>How weights are kept.</summary>
    public WeightFormat Format { get; }

    /// <summary>Whether no weight of a half-precision matrix is infinite or NaN: such do not go through the fast widening. True for the other formats, whose kernels do not ask.</summary>
    public bool IsFinite { get; private set; } = true;

    /// <summary>Bytes of memory.</summary>
    public long Bytes => _data.Length * sizeof(uint);

    /// <summary>Start of a panel.</summary>
    public uint* Panel(int index) => _data.Pointer + (index * _panelWords);

    /// <summary>Sets one row [columns] of a float32, bf16, f16 or 12-bit matrix. For bf16 the values must be bf16 numbers: the lower half of each is dropped; f16 and 12-bit blocks round.</summary>
    public void SetRow(int row, ReadOnlySpan<float> values)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(values.Length, Columns);
        var panel = Panel(row / PanelRows);
        var lane = row % PanelRows;
        switch (Format)
        {
            case WeightFormat.Float32:
                for (var k = 0; k < values.Length; k++)
                    panel[((long)k * PanelRows) + lane] = BitConverter.SingleToUInt32Bits(values[k]);
                break;
            case WeightFormat.BFloat16:
                for (var k = 0; k < values.Length; k++)
                    SixteenBits(panel, lane, k) = (ushort)(BitConverter.SingleToUInt32Bits(values[k]) >> 16);
                break;
            case WeightFormat.Float16:
                SetFloat16(panel, lane, values);
                break;
            case WeightFormat.Block12:
                Repacking.Block12((byte*)panel, lane, values);
                break;
            default:
                throw new InvalidOperationException($"a row of {Format} is set from its blocks");
        }
    }

    /// <summary>Sets one row of a GGUF format from the file's bytes, <see cref="WeightFormats.FileRowBytes"/> of them. No rounding: the same numbers in another order.</summary>
    public void SetBlocks(int row, ReadOnlySpan<byte> blocks)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(blocks.Length, Format.FileRowBytes(Columns));
        Repacking.Row(Format, (byte*)Panel(row / PanelRows), row % PanelRows, blocks);
    }

    /// <summary>Reads one row back as float32 [columns].</summary>
    public void GetRow(int row, Span<float> destination)
    {
        var panel = Panel(row / PanelRows);
        var lane = row % PanelRows;
        if (Format.IsQuantised())
        {
            GetQuantised((byte*)panel, lane, destination);
            return;
        }

        for (var k = 0; k < Columns; k++)
        {
            destination[k] = Format switch
            {
                WeightFormat.Float32 => BitConverter.UInt32BitsToSingle(panel[((long)k * PanelRows) + lane]),
                WeightFormat.BFloat16 => BitConverter.UInt32BitsToSingle((uint)SixteenBits(panel, lane, k) << 16),
                _ => (float)BitConverter.UInt16BitsToHalf(SixteenBits(panel, lane, k)),
            };
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _data.Dispose();

    /// <summary>Number of chunks of 256 columns of a quantised panel.</summary>
    internal int Chunks => (Columns + PanelLayout.ChunkColumns - 1) / PanelLayout.ChunkColumns;

    /// <summary>Unpacks one chunk of a quantised panel.</summary>
    internal void Unpack(int panel, int chunk, UnpackedChunk to) => Unpacking.Chunk(
        Format,
        Chunk(panel, chunk),
        ChunkColumns(chunk),
        to);

    /// <summary>Columns of a chunk of a quantised panel: 256, or what is left in the last.</summary>
    internal int ChunkColumns(int chunk) => Math.Min(PanelLayout.ChunkColumns, Columns - (chunk * PanelLayout.ChunkColumns));

    /// <summary>Where a chunk of a quantised panel begins; of the panel past the last it is good to be asked for ahead, not to be read.</summary>
    internal byte* Chunk(int panel, int chunk) => (byte*)Panel(panel) + ((long)chunk * PanelLayout.ChunkBytes(Format, PanelLayout.ChunkColumns));

    /// <summary>Where the chunk begins that a group of panels reads after a panel's: of the next panel, of the next columns, or of the next group.</summary>
    /// <param name="first">First panel of the group.</param>
    /// <param name="count">Panels of the group.</param>
    /// <param name="panel">The panel within the group.</param>
    /// <param name="chunk">The chunk.</param>
    internal byte* ChunkAfter(int first, int count, int panel, int chunk) =>
        panel + 1 < count ? Chunk(first + panel + 1, chunk) : chunk + 1 < Chunks ? Chunk(first, chunk + 1) : Chunk(first + count, 0);

    private void SetFloat16(uint* panel, int lane, ReadOnlySpan<float> values)
    {
        var isFinite = true;
        for (var k = 0; k < values.Length; k++)
        {
            var half = (Half)values[k];
            isFinite &= Half.IsFinite(half);
            SixteenBits(panel, lane, k) = BitConverter.HalfToUInt16Bits(half);
        }

        // Rows are set on many threads; whichever finds one, the answer is the same.
        if (!isFinite)
            IsFinite = false;
    }

    // A weight of a 16-bit format: the lower or the upper half of its word.
    private static ref ushort SixteenBits(uint* panel, int lane, int column) => ref ((ushort*)panel)[((long)column * PanelRows) + (2 * (lane % (PanelRows / 2))) + (lane / (PanelRows / 2))];

    private void GetQuantised(byte* panel, int lane, Span<float> destination)
    {
        var unpacked = GemmScratch.Current.Chunk;
        for (var chunk = 0; chunk < Chunks; chunk++)
        {
            var columns = Math.Min(PanelLayout.ChunkColumns, Columns - (chunk * PanelLayout.ChunkColumns));
            Unpacking.Chunk(Format, panel + ((long)chunk * PanelLayout.ChunkBytes(Format, PanelLayout.ChunkColumns)), columns, unpacked);
            for (var k = 0; k < columns; k++)
            {
                var block = (k / (2 * unpacked.PairsPerBlock) * PanelRows) + lane;
                var value = unpacked.Scales[block] * unpacked.Values[(k / 2 * 64) + (2 * lane) + (k & 1)];
                destination[(chunk * PanelLayout.ChunkColumns) + k] = unpacked.HasMinima ? value - unpacked.Minima[block] : value;
            }
        }
    }
}
