using System.Diagnostics;
using Capvec.Numerics.Kernels;
using Capvec.Numerics.Memory;
using Capvec.Numerics.Threading;

namespace Capvec.Numerics.Benchmarks;

/// <summary>
/// Times the matrix kernels alone. Enough copies of a matrix are gone through in turn that each comes from memory and not from a cache,
/// as the weights of a model do.
/// </summary>
public static unsafe class KernelBenchmark
{
    // More than the last-level caches of the machines this is meant for share out to one process.
    private const long ColdBytes = 256L << 20;
    private const int MostCopies = 32;
    private const int Runs = 5;

    /// <summary>Times one shape and format with several numbers of tokens.</summary>
    /// <param name="rows">Outputs.</param>
    /// <param name="columns">Inputs.</param>
    /// <param name="format">How weights are kept.</param>
    /// <param name="tokens">Numbers of activation rows.</param>
    /// <param name="threads">Threads that compute.</param>
    /// <param name="path">The kernels.</param>
    /// <param name="activations">What quantised weights meet.</param>
    public static IEnumerable<KernelRate> Measure(int rows, int columns, WeightFormat format, IEnumerable<int> tokens, int threads, KernelPath path, Activations activations)
    {
        var copies = new List<PackedMatrix>();
        try
        {
            do
                copies.Add(Fill(new PackedMatrix(rows, columns, format)));
            while (copies.Count * copies[0].Bytes < ColdBytes && copies.Count < MostCopies);
            using var pool = new WorkerPool(threads);
            foreach (var count in tokens)
                yield return new KernelRate(rows, columns, format, count, Median(copies, count, pool, path, activations), copies[0].Bytes);
        }
        finally
        {
            copies.ForEach(matrix => matrix.Dispose());
        }
    }

    private static PackedMatrix Fill(PackedMatrix matrix)
    {
        // The values do not change the time. Bytes of 0x2C are small positive numbers in every format of blocks, as scale and as weight.
        if (matrix.Format.IsQuantised() && matrix.Format != WeightFormat.Block12)
        {
            var blocks = new byte[matrix.Format.FileRowBytes(matrix.Columns)];
            blocks.AsSpan().Fill(0x2C);
            for (var r = 0; r < matrix.Rows; r++)
                matrix.SetBlocks(r, blocks);
            return matrix;
        }

        var row = new float[matrix.Columns];
        for (var k = 0; k < row.Length; k++)
            row[k] = ((k % 17) - 8) / 64f;
        for (var r = 0; r < matrix.Rows; r++)
            matrix.SetRow(r, row);
        return matrix;
    }

    private static double Median(List<PackedMatrix> copies, int tokens, WorkerPool pool, KernelPath path, Activations activations)
    {
        var (rows, columns) = (copies[0].Rows, copies[0].Columns);
        using var input = new NativeBuffer<float>((long)tokens * columns);
        using var output = new NativeBuffer<float>((long)tokens * rows);
        using var packed = new PackedRows();
        input.Span.Fill(0.5f);
        var x = input.Pointer;
        var y = output.Pointer;

        double Once()
        {
            var start = Stopwatch.GetTimestamp();
            foreach (var w in copies)
            {
                packed.Reshape(tokens, columns, Gemm.FormFor(w.Format, activations));
                pool.For(packed.Tiles, (_, first, end) =>
                {
                    for (var tile = first; tile < end; tile++)
                        packed.PackTile(tile, x, columns);
                });
                pool.For(w.Panels, (_, first, end) => Gemm.Panels(path, w, packed, y, rows, first, end, activations));
            }

            return Stopwatch.GetElapsedTime(start).TotalSeconds / copies.Count;
        }

        Once();
        return Enumerable.Range(0, Runs).Select(_ => Once()).Order().ElementAt(Runs / 2);
    }
}
