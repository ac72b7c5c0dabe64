using Capvec.Numerics.Kernels;
using Capvec.Numerics.Memory;
using Capvec.Numerics.Vectors;

namespace Capvec.Engine.Lora;

/// <summary>One worker's buffers for adapter products; used for one call at a time.</summary>
internal sealed unsafe class LoraScratch : IDisposable
{
    private readonly PackedRows _input = new();
    private readonly PackedRows _reduced = new();
    private readonly NativeBuffer<float> _ax = new(0);
    private readonly NativeBuffer<float> _bax = new(0);

    /// <summary><c>y[t] += B (A x[t])</c>, each part at its own outputs.</summary>
    public void Apply(KernelPath path, LoraProjection lora, float* x, int inputs, float* y, int stride, int rows)
    {
        Pack(_input, x, rows, inputs, inputs);
        var ranks = lora.A.Rows;
        _ax.Resize((long)rows * ranks);
        Gemm.Panels(path, lora.A, _input, _ax.Pointer, ranks, 0, lora.A.Panels);
        foreach (var part in lora.Parts)
        {
            Pack(_reduced, _ax.Pointer + part.RankOffset, rows, part.B.Columns, ranks);
            _bax.Resize((long)rows * part.B.Rows);
            Gemm.Panels(path, part.B, _reduced, _bax.Pointer, part.B.Rows, 0, part.B.Panels);
            for (var t = 0; t < rows; t++)
                Rows.Add(y + ((long)t * stride) + part.OutputOffset, _bax.Pointer + ((long)t * part.B.Rows), part.B.Rows);
        }
    }

    public void Dispose()
    {
        _input.Dispose();
        _reduced.Dispose();
        _ax.Dispose();
        _bax.Dispose();
    }

    private static void Pack(PackedRows packed, float* source, int rows, int columns, long stride)
    {
        packed.Reshape(rows, columns);
        for (var tile = 0; tile < packed.Tiles; tile++)
            packed.PackTile(tile, source, stride);
    }
}
