using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Capvec.Numerics.Memory;
using Capvec.Numerics.Threading;

namespace Capvec.Numerics.Benchmarks;

/// <summary>What this machine can do at most with a number of threads, measured: what the kernels' rates are compared with.</summary>
/// <param name="Threads">Threads that measured.</param>
/// <param name="ReadBytesPerSecond">Bytes read from memory a second, all threads together, front to back.</param>
/// <param name="FloatMacsPerSecond">Float32 multiply-adds a second, all threads together, operands in registers.</param>
public sealed unsafe record MachineRoof(int Threads, double ReadBytesPerSecond, double FloatMacsPerSecond)
{
    /// <summary>Bytes of the buffer that is read: many times the caches of a machine.</summary>
    public const long BufferBytes = 1L << 30;

    private const int Runs = 5;
    private const long MultiplyRounds = 20_000_000;

    // Independent chains, so that the latency of one multiply-add (4 cycles, two units) is hidden; as many as the kernels use.
    private const int Chains = 12;

    /// <summary>Measures both; takes about a second and a gigabyte of memory. The best of five runs counts: a roof is not an average.</summary>
    public static MachineRoof Measure(int threads)
    {
        using var pool = new WorkerPool(threads);
        return new MachineRoof(threads, MeasureRead(pool), MeasureMultiply(pool));
    }

    private static double MeasureRead(WorkerPool pool)
    {
        using var buffer = new NativeBuffer<float>(BufferBytes / sizeof(float));
        var sums = new float[pool.Workers * 16]; // a cache line apart
        // Pieces of 4 MiB, claimed as the kernels claim panels.
        const int Pieces = (int)(BufferBytes >> 22);
        var length = (nint)(buffer.Length / Pieces);
        var seconds = Best(() => pool.For(Pieces, (worker, start, end) =>
        {
            for (var piece = start; piece < end; piece++)
                sums[worker * 16] += Sum(buffer.Pointer + (piece * length), length);
        }, grain: 1));
        GC.KeepAlive(sums);
        return BufferBytes / seconds;
    }

    private static double MeasureMultiply(WorkerPool pool)
    {
        var sums = new float[pool.Workers * 16];
        var wide = Vector512.IsHardwareAccelerated;
        var seconds = Best(() => pool.For(pool.Workers, (worker, start, end) =>
        {
            for (var i = start; i < end; i++)
                sums[worker * 16] += wide ? Multiply512(MultiplyRounds) : Multiply256(MultiplyRounds);
        }, grain: 1));
        GC.KeepAlive(sums);
        return pool.Workers * (double)MultiplyRounds * Chains * (wide ? 16 : 8) / seconds;
    }

    private static double Best(Action run)
    {
        run();
        var best = double.MaxValue;
        for (var i = 0; i < Runs; i++)
        {
            var start = Stopwatch.GetTimestamp();
            run();
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        return best;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Sum(float* at, nint length)
    {
        Vector512<float> a = default, b = default, c = default, d = default;
        for (nint i = 0; i < length; i += 64)
        {
            a += Vector512.Load(at + i);
            b += Vector512.Load(at + i + 16);
            c += Vector512.Load(at + i + 32);
            d += Vector512.Load(at + i + 48);
        }

        return Vector512.Sum(a + b + c + d);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Multiply512(long rounds)
    {
        var x = Vector512.Create(0.999f);
        Vector512<float> a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x, k = x, l = x;
        for (var n = 0L; n < rounds; n++)
        {
            a = Vector512.FusedMultiplyAdd(a, x, x);
            b = Vector512.FusedMultiplyAdd(b, x, x);
            c = Vector512.FusedMultiplyAdd(c, x, x);
            d = Vector512.FusedMultiplyAdd(d, x, x);
            e = Vector512.FusedMultiplyAdd(e, x, x);
            f = Vector512.FusedMultiplyAdd(f, x, x);
            g = Vector512.FusedMultiplyAdd(g, x, x);
            h = Vector512.FusedMultiplyAdd(h, x, x);
            i = Vector512.FusedMultiplyAdd(i, x, x);
            j = Vector512.FusedMultiplyAdd(j, x, x);
            k = Vector512.FusedMultiplyAdd(k, x, x);
            l = Vector512.FusedMultiplyAdd(l, x, x);
        }

        return Vector512.Sum(a + b + c + d + e + f + g + h + i + j + k + l);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Multiply256(long rounds)
    {
        var x = Vector256.Create(0.999f);
        Vector256<float> a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x, k = x, l = x;
        for (var n = 0L; n < rounds; n++)
        {
            a = Vector256.FusedMultiplyAdd(a, x, x);
            b = Vector256.FusedMultiplyAdd(b, x, x);
            c = Vector256.FusedMultiplyAdd(c, x, x);
            d = Vector256.FusedMultiplyAdd(d, x, x);
            e = Vector256.FusedMultiplyAdd(e, x, x);
            f = Vector256.FusedMultiplyAdd(f, x, x);
            g = Vector256.FusedMultiplyAdd(g, x, x);
            h = Vector256.FusedMultiplyAdd(h, x, x);
            i = Vector256.FusedMultiplyAdd(i, x, x);
            j = Vector256.FusedMultiplyAdd(j, x, x);
            k = Vector256.FusedMultiplyAdd(k, x, x);
            l = Vector256.FusedMultiplyAdd(l, x, x);
        }

        return Vector256.Sum(a + b + c + d + e + f + g + h + i + j + k + l);
    }
}
