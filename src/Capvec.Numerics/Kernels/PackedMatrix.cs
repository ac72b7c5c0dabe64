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
/// </code>
/// One 64-byte load of the bf16 form gives two vectors of 16 weights: <c>v &lt;&lt; 16</c> and <c>v &amp; 0xFFFF0000</c>.
/// </remarks>
public sealed unsafe class PackedMatrix : IDisposable
{
    /// <summary>Rows of a panel.</summary>
    public const int PanelRows = 32;

    private readonly NativeBuffer<uint> _data;

    /// <summary>Allocates a zero matrix; fill it with <see cref="SetRow(int, ReadOnlySpan{float})"/>.</summary>
    public PackedMatrix(int rows, int columns, WeightFormat format)
    {
        (Rows, Columns, Format) = (rows, columns, format);
        Panels = (rows + PanelRows - 1) / PanelRows;
        PanelWords = (long)columns * (format == WeightFormat.Float32 ? PanelRows : PanelRows / 2);
        _data = new NativeBuffer<uint>(Panels * PanelWords);
    }

    /// <summary>Number of outputs.</summary>
    public int Rows { get; }

    /// <summary>Number of inputs.</summary>
    public int Columns { get; }

    /// <summary>Number of panels, the last one padded.</summary>
    public int Panels { get; }

    /// <summary>How weights are kept.</summary>
    public WeightFormat Format { get; }

    /// <summary>Bytes of memory.</summary>
    public long Bytes => _data.Length * sizeof(uint);

    private long PanelWords { get; }

    /// <summary>Start of a panel.</summary>
    public uint* Panel(int index) => _data.Pointer + (index * PanelWords);

    /// <summary>Sets one row [columns]. For bf16 the values must be bf16 numbers: the lower half of each is dropped.</summary>
    public void SetRow(int row, ReadOnlySpan<float> values)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(values.Length, Columns);
        var panel = Panel(row / PanelRows);
        var lane = row % PanelRows;
        if (Format == WeightFormat.Float32)
        {
            for (var k = 0; k < values.Length; k++)
                panel[((long)k * PanelRows) + lane] = BitConverter.SingleToUInt32Bits(values[k]);
            return;
        }

        var high = lane >= PanelRows / 2;
        lane %= PanelRows / 2;
        for (var k = 0; k < values.Length; k++)
        {
            ref var word = ref panel[((long)k * (PanelRows / 2)) + lane];
            var bits = BitConverter.SingleToUInt32Bits(values[k]) >> 16;
            word = high ? (word & 0xFFFF) | (bits << 16) : (word & 0xFFFF0000) | bits;
        }
    }

    /// <summary>Reads one row back as float32 [columns].</summary>
    public void GetRow(int row, Span<float> destination)
    {
        var panel = Panel(row / PanelRows);
        var lane = row % PanelRows;
        for (var k = 0; k < Columns; k++)
        {
            if (Format == WeightFormat.Float32)
                destination[k] = BitConverter.UInt32BitsToSingle(panel[((long)k * PanelRows) + lane]);
            else
                destination[k] = BitConverter.UInt32BitsToSingle(lane >= 16 ? panel[((long)k * 16) + lane - 16] & 0xFFFF0000 : panel[((long)k * 16) + lane] << 16);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _data.Dispose();
}
