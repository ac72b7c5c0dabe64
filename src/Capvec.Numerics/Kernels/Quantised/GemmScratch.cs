using Capvec.Numerics.Memory;

namespace Capvec.Numerics.Kernels.Quantised;

/// <summary>A thread's buffers for unpacked weights; kept as long as the thread, freed with it.</summary>
internal sealed unsafe class GemmScratch
{
    [ThreadStatic]
    private static GemmScratch? s_current;

    private readonly NativeBuffer<float> _sums = new(0);
    private NativeBuffer<float>? _floats;

    /// <summary>This thread's.</summary>
    public static GemmScratch Current => s_current ??= new GemmScratch();

    /// <summary>One unpacked chunk.</summary>
    public UnpackedChunk Chunk { get; } = new();

    /// <summary>[256 columns][32 rows] float32.</summary>
    public float* Floats => (_floats ??= new NativeBuffer<float>(PanelLayout.ChunkColumns * PanelLayout.Rows)).Pointer;

    /// <summary>[rows][32] sums of one panel.</summary>
    public float* Sums(int rows)
    {
        _sums.Resize((long)rows * PanelLayout.Rows);
        return _sums.Pointer;
    }
}
