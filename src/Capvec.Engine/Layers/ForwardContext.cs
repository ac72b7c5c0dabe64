using Capvec.Engine.Batching;
using Capvec.Engine.Lora;
using Capvec.Numerics.Kernels;
using Capvec.Numerics.Memory;
using Capvec.Numerics.Threading;
using Capvec.Numerics.Vectors;

namespace Capvec.Engine.Layers;

/// <summary>What the layers of one forward pass share: workers, kernels, the batch, and the packed form of the current layer input.</summary>
internal sealed unsafe class ForwardContext : IDisposable
{
    private readonly LoraScratch[] _lora;

    public ForwardContext(WorkerPool pool, KernelPath path, Activations activations)
    {
        (Pool, Path, Activations) = (pool, path, activations);
        _lora = [.. Enumerable.Range(0, pool.Workers).Select(_ => new LoraScratch())];
    }

    public WorkerPool Pool { get; }

    public KernelPath Path { get; }

    /// <summary>What activations are in products with quantised weights.</summary>
    public Activations Activations { get; }

    /// <summary>The rows of this step.</summary>
    public StepBatch Batch { get; set; } = new(0);

    /// <summary>The current layer input, packed for the kernels.</summary>
    public PackedRows Packed { get; } = new();

    /// <summary>
    /// Runs <paramref name="row"/> for every row of the tiles of <see cref="Packed"/>, then packs the tile from <paramref name="source"/> [rows, inputs] as
    /// <paramref name="next"/> will read it: one pass over cache-warm rows.
    /// </summary>
    public void PackAfter(int rows, float* source, Projection next, Action<int>? row)
    {
        var columns = next.Inputs;
        Packed.Reshape(rows, columns, next.FormsFor(Activations));
        Pool.For(Packed.Tiles, (_, first, end) =>
        {
            for (var tile = first; tile < end; tile++)
            {
                var (start, size) = Packed.Tile(tile);
                for (var r = start; row is not null && r < start + size; r++)
                    row(r);
                Packed.PackTile(tile, source, columns);
            }
        });
    }

    /// <summary>Runs <paramref name="row"/> for every row, rows divided among the workers.</summary>
    public void ForRows(int rows, Action<int> row) => Pool.For(rows, (_, first, end) =>
    {
        for (var r = first; r < end; r++)
            row(r);
    });

    /// <summary>RMSNorm of every row of <paramref name="x"/> [rows, inputs] into <paramref name="y"/>, packed for <paramref name="next"/>.</summary>
    public void NormAndPack(float* x, float* y, NativeBuffer<float> weight, float epsilon, int rows, Projection next)
    {
        var columns = next.Inputs;
        PackAfter(rows, y, next, r => Rows.RmsNorm(y + ((long)r * columns), x + ((long)r * columns), weight.Pointer, epsilon, columns));
    }

    /// <summary>
    /// <c>y[t] = W x[t] + bias</c> for all rows, plus <c>s B (A x[t])</c> for the rows of sequences with an adapter.
    /// </summary>
    /// <param name="projection">The stacked weights.</param>
    /// <param name="input">[rows, inputs] row-major: what <see cref="Packed"/> was packed from.</param>
    /// <param name="y">[rows, stride].</param>
    /// <param name="stride">Elements from one output row to the next.</param>
    public void Apply(Projection projection, float* input, float* y, int stride)
    {
        var offset = 0;
        foreach (var w in projection.Matrices)
        {
            var (matrix, at) = (w, offset);
            Pool.For(matrix.Panels, (_, first, end) =>
            {
                Gemm.Panels(Path, matrix, Packed, y + at, stride, first, end, Activations);
                if (projection.Bias is { } bias)
                    AddBias(bias, y, stride, at + (first * PackedMatrix.PanelRows), at + Math.Min(matrix.Rows, end * PackedMatrix.PanelRows));
            });
            offset += matrix.Rows;
        }

        var inputs = projection.Inputs;
        var slices = Batch.Slices;
        for (var i = 0; i < slices.Count;)
        {
            var adapter = slices[i].Adapter;
            var start = slices[i].Row;
            var count = 0;
            for (; i < slices.Count && slices[i].Adapter == adapter; i++)
                count += slices[i].Count;
            if (adapter?.For(projection.Id) is { } lora)
                ApplyLora(lora, input + ((long)start * inputs), inputs, y + ((long)start * stride), stride, count);
        }
    }

    public void Dispose()
    {
        Packed.Dispose();
        foreach (var scratch in _lora)
            scratch.Dispose();
    }

    private void AddBias(NativeBuffer<float> bias, float* y, int stride, int from, int to)
    {
        for (var t = 0; t < Packed.Count; t++)
            Rows.Add(y + ((long)t * stride) + from, bias.Pointer + from, to - from);
    }

    // Workers take rows, not panels: the factors are small, and no worker has to wait for A x of another's rows.
    private void ApplyLora(LoraProjection lora, float* input, int inputs, float* y, int stride, int rows)
    {
        Pool.For(
            rows,
            (worker, first, end) => _lora[worker].Apply(Path, lora, input + ((long)first * inputs), inputs, y + ((long)first * stride), stride, end - first),
            Math.Max(PackedRows.MaxTile, rows / (4 * Pool.Workers) / PackedRows.MaxTile * PackedRows.MaxTile));
    }
}
