using System.Runtime.Intrinsics;

namespace Capvec.Numerics.Vectors;

/// <summary>
/// Arithmetic on single rows of float32. Every reduction runs in an order that depends on the length alone (four 16-lane partial sums,
/// then a fixed tree), so a row has the same bits in whatever batch and at whatever address it stands.
/// </summary>
/// <remarks>On machines without 512-bit vectors the runtime splits each 16-lane operation in halves: the same lanes, the same bits.</remarks>
public static unsafe class Rows
{
    private const int Lanes = 16;

    /// <summary><c>sum_i x[i] y[i]</c>.</summary>
    public static float Dot(float* x, float* y, int n)
    {
        Vector512<float> a = default, b = default, c = default, d = default;
        var i = 0;
        for (; i <= n - (4 * Lanes); i += 4 * Lanes)
        {
            a = Vector512.FusedMultiplyAdd(Vector512.Load(x + i), Vector512.Load(y + i), a);
            b = Vector512.FusedMultiplyAdd(Vector512.Load(x + i + Lanes), Vector512.Load(y + i + Lanes), b);
            c = Vector512.FusedMultiplyAdd(Vector512.Load(x + i + (2 * Lanes)), Vector512.Load(y + i + (2 * Lanes)), c);
            d = Vector512.FusedMultiplyAdd(Vector512.Load(x + i + (3 * Lanes)), Vector512.Load(y + i + (3 * Lanes)), d);
        }

        for (; i <= n - Lanes; i += Lanes)
            a = Vector512.FusedMultiplyAdd(Vector512.Load(x + i), Vector512.Load(y + i), a);
        var sum = Vector512.Sum(a + b + (c + d));
        for (; i < n; i++)
            sum = MathF.FusedMultiplyAdd(x[i], y[i], sum);
        return sum;
    }

    /// <summary><c>sum_i x[i]^2</c>.</summary>
    public static float SumOfSquares(float* x, int n) => Dot(x, x, n);

    /// <summary><c>y[i] += x[i]</c> in float64.</summary>
    public static void AddTo(double* y, float* x, int n)
    {
        var i = 0;
        for (; i <= n - Lanes; i += Lanes)
        {
            var (low, high) = Vector512.Widen(Vector512.Load(x + i));
            Vector512.Store(Vector512.Load(y + i) + low, y + i);
            Vector512.Store(Vector512.Load(y + i + (Lanes / 2)) + high, y + i + (Lanes / 2));
        }

        for (; i < n; i++)
            y[i] += x[i];
    }

    /// <summary><c>y[i] += a x[i]</c>, fused.</summary>
    public static void AddScaled(float* y, float* x, float a, int n)
    {
        var i = 0;
        var av = Vector512.Create(a);
        for (; i <= n - Lanes; i += Lanes)
            Vector512.Store(Vector512.FusedMultiplyAdd(Vector512.Load(x + i), av, Vector512.Load(y + i)), y + i);
        for (; i < n; i++)
            y[i] = MathF.FusedMultiplyAdd(x[i], a, y[i]);
    }

    /// <summary><c>y[i] += x[i]</c>.</summary>
    public static void Add(float* y, float* x, int n)
    {
        var i = 0;
        for (; i <= n - Lanes; i += Lanes)
            Vector512.Store(Vector512.Load(x + i) + Vector512.Load(y + i), y + i);
        for (; i < n; i++)
            y[i] += x[i];
    }

    /// <summary><c>y[i] = a x[i]</c>.</summary>
    public static void Scale(float* y, float* x, float a, int n)
    {
        var i = 0;
        var av = Vector512.Create(a);
        for (; i <= n - Lanes; i += Lanes)
            Vector512.Store(Vector512.Load(x + i) * av, y + i);
        for (; i < n; i++)
            y[i] = x[i] * a;
    }

    /// <summary><c>y[i] = (x[i] r) w[i]</c> with <c>r = 1 / sqrt(mean(x^2) + eps)</c>: RMSNorm; <paramref name="w"/> is the whole multiplier.</summary>
    public static void RmsNorm(float* y, float* x, float* w, float eps, int n)
    {
        var r = 1f / MathF.Sqrt((SumOfSquares(x, n) / n) + eps);
        var i = 0;
        var rv = Vector512.Create(r);
        for (; i <= n - Lanes; i += Lanes)
            Vector512.Store(Vector512.Load(x + i) * rv * Vector512.Load(w + i), y + i);
        for (; i < n; i++)
            y[i] = x[i] * r * w[i];
    }

    /// <summary>The first place of a value, or -1 where there is none.</summary>
    public static int IndexOf(float* x, float value, int n)
    {
        var wanted = Vector512.Create(value);
        var i = 0;
        while (i <= n - Lanes && !Vector512.EqualsAny(Vector512.Load(x + i), wanted))
            i += Lanes;
        for (; i < n; i++)
        {
            if (x[i] == value)
                return i;
        }

        return -1;
    }

    /// <summary>The largest element; n is at least 1.</summary>
    public static float Max(float* x, int n)
    {
        var best = x[0];
        var i = 0;
        if (n >= Lanes)
        {
            var m = Vector512.Load(x);
            for (i = Lanes; i <= n - Lanes; i += Lanes)
                m = Vector512.Max(m, Vector512.Load(x + i));
            for (var lane = 0; lane < Lanes; lane++)
                best = MathF.Max(best, m[lane]);
        }

        for (; i < n; i++)
            best = MathF.Max(best, x[i]);
        return best;
    }

    /// <summary><c>y[i] = exp((x[i] - shift) scale)</c>; returns the sum of y.</summary>
    public static float ExpSum(float* y, float* x, float shift, float scale, int n)
    {
        var sums = Vector512<float>.Zero;
        var sv = Vector512.Create(shift);
        var cv = Vector512.Create(scale);
        var i = 0;
        for (; i <= n - Lanes; i += Lanes)
        {
            var e = Exponential.Of((Vector512.Load(x + i) - sv) * cv);
            Vector512.Store(e, y + i);
            sums += e;
        }

        var sum = Vector512.Sum(sums);
        for (; i < n; i++)
        {
            y[i] = Exp((x[i] - shift) * scale);
            sum += y[i];
        }

        return sum;
    }

    /// <summary><c>sum_i exp(p[i]) (p[i] - (x[i] - shift))</c>: KL(p || q) in nats of log-probabilities p from a row of logits x with the normaliser <paramref name="shift"/>.</summary>
    public static float Divergence(float* p, float* x, float shift, int n)
    {
        var sums = Vector512<float>.Zero;
        var sv = Vector512.Create(shift);
        var i = 0;
        for (; i <= n - Lanes; i += Lanes)
        {
            var row = Vector512.Load(p + i);
            sums = Vector512.FusedMultiplyAdd(Exponential.Of(row), row - (Vector512.Load(x + i) - sv), sums);
        }

        var sum = Vector512.Sum(sums);
        for (; i < n; i++)
            sum = MathF.FusedMultiplyAdd(Exp(p[i]), p[i] - (x[i] - shift), sum);
        return sum;
    }

    /// <summary><c>y[i] = silu(x[i]) = x[i] / (1 + exp(-x[i]))</c>.</summary>
    public static void Silu(float* y, float* x, int n)
    {
        var i = 0;
        for (; i <= n - Lanes; i += Lanes)
            Vector512.Store(Silu(Vector512.Load(x + i)), y + i);
        for (; i < n; i++)
            y[i] = Silu(Vector512.Create(x[i]))[0];
    }

    /// <summary><c>y[i] = silu(gate[i]) up[i]</c>.</summary>
    public static void SiluTimes(float* y, float* gate, float* up, int n)
    {
        var i = 0;
        for (; i <= n - Lanes; i += Lanes)
            Vector512.Store(Silu(Vector512.Load(gate + i)) * Vector512.Load(up + i), y + i);
        for (; i < n; i++)
            y[i] = Silu(Vector512.Create(gate[i]))[0] * up[i];
    }

    /// <summary><c>y[i] *= sigmoid(gate[i])</c>.</summary>
    public static void TimesSigmoid(float* y, float* gate, int n)
    {
        var i = 0;
        for (; i <= n - Lanes; i += Lanes)
            Vector512.Store(Vector512.Load(y + i) / (Vector512<float>.One + Exponential.Of(-Vector512.Load(gate + i))), y + i);
        for (; i < n; i++)
            y[i] /= 1 + Exp(-gate[i]);
    }

    /// <summary><c>e^x</c> by the vector routine, so that a row's tail has the bits its body would have.</summary>
    public static float Exp(float x) => Exponential.Of(Vector512.Create(x))[0];

    private static Vector512<float> Silu(Vector512<float> x) => x / (Vector512<float>.One + Exponential.Of(-x));
}
