using Capvec.Formats.Errors;
using Capvec.Numerics.Memory;
using Capvec.Numerics.Vectors;

namespace Capvec.Engine.Sampling;

/// <summary>Chooses tokens from rows of logits. One instance a worker: it owns scratch memory.</summary>
internal sealed unsafe class TokenSampler : IDisposable
{
    private readonly int _vocabulary;
    private readonly NativeBuffer<float> _logits;
    private readonly NativeBuffer<float> _weights;
    private int[] _order = [];
    private float[] _keys = [];

    public TokenSampler(int vocabulary)
    {
        _vocabulary = vocabulary;
        _logits = new NativeBuffer<float>(vocabulary);
        _weights = new NativeBuffer<float>(vocabulary);
    }

    /// <summary><c>ln p(id)</c> under a row of logits.</summary>
    public float LogProb(float* logits, int id) => logits[id] - LogSumExp(logits, out _);

    /// <summary>What a row of logits says of one token: <c>H = ln Z - sum_i p_i l_i</c> with <c>ln Z</c> the normaliser.</summary>
    /// <exception cref="CapvecException">The logits are not finite.</exception>
    public RowScore Score(float* logits, int id)
    {
        var max = Rows.Max(logits, _vocabulary);
        var sum = Rows.ExpSum(_weights.Pointer, logits, max, 1, _vocabulary);
        var normaliser = max + MathF.Log(sum);
        if (!float.IsFinite(normaliser))
            throw NotFinite();
        var mean = Rows.Dot(_weights.Pointer, logits, _vocabulary) / sum;
        return new RowScore(logits[id] - normaliser, MathF.Max(0, normaliser - mean), normaliser);
    }

    /// <summary>Chooses the <paramref name="step"/>-th token of a request.</summary>
    /// <param name="logits">[vocabulary], not changed.</param>
    /// <param name="options">How to choose.</param>
    /// <param name="seen">Distinct tokens for the repetition penalty.</param>
    /// <param name="step">0-based number of the new token.</param>
    public SampledToken Sample(float* logits, SamplingOptions options, IReadOnlyCollection<int> seen, int step)
    {
        var normaliser = LogSumExp(logits, out var max);
        if (!float.IsFinite(normaliser))
            throw NotFinite();
        var source = logits;
        if (options.RepetitionPenalty != 1 && seen.Count > 0)
        {
            source = _logits.Pointer;
            new Span<float>(logits, _vocabulary).CopyTo(_logits.Span);
            foreach (var id in seen)
                source[id] = source[id] > 0 ? source[id] / options.RepetitionPenalty : source[id] * options.RepetitionPenalty;
            max = Rows.Max(source, _vocabulary);
        }

        var chosen = options.Temperature <= 0 ? Rows.IndexOf(source, max, _vocabulary) : Draw(source, max, options, SeededDraws.Uniform(options.Seed, (ulong)step));
        return new SampledToken(chosen, logits[chosen] - normaliser);
    }

    public void Dispose()
    {
        _logits.Dispose();
        _weights.Dispose();
    }

    private static CapvecException NotFinite() =>
        new("the logits are not finite numbers: the steering is far too strong for this model, or its weights are broken. Try a smaller strength.");

    private float LogSumExp(float* logits, out float max)
    {
        max = Rows.Max(logits, _vocabulary);
        return max + MathF.Log(Rows.ExpSum(_weights.Pointer, logits, max, 1, _vocabulary));
    }

    private int Draw(float* logits, float max, SamplingOptions options, double uniform)
    {
        var p = _weights.Pointer;
        Rows.ExpSum(p, logits, max, 1 / options.Temperature, _vocabulary);
        if (options.TopK <= 0 && options.TopP >= 1 && options.MinP <= 0)
            return Pick(p, null, _vocabulary, uniform);

        var count = Candidates(p, options);
        return _order[Pick(p, _order, count, uniform)];
    }

    // Fills _order with the kept ids, likeliest first (ties by id), and returns how many there are.
    private int Candidates(float* p, SamplingOptions options)
    {
        if (_order.Length < _vocabulary)
            (_order, _keys) = (new int[_vocabulary], new float[_vocabulary]);
        // The likeliest token has weight 1, so min-p is a plain threshold; it only ever removes from the end of the order.
        var count = 0;
        for (var i = 0; i < _vocabulary; i++)
        {
            if (p[i] < options.MinP)
                continue;
            (_order[count], _keys[count]) = (i, -p[i]);
            count++;
        }

        Array.Sort(_keys, _order, 0, count, Comparer<float>.Default);
        SortTies(count);
        if (options.TopK > 0)
            count = Math.Min(count, options.TopK);
        if (options.TopP >= 1)
            return count;

        // Top-p counts shares of what top-k left, whatever min-p removes.
        var total = 0.0;
        if (options.TopK > 0)
        {
            for (var i = 0; i < count; i++)
                total += p[_order[i]];
        }
        else
        {
            for (var i = 0; i < _vocabulary; i++)
                total += p[i];
        }

        var sum = 0.0;
        for (var i = 0; i < count; i++)
        {
            sum += p[_order[i]];
            if (sum >= options.TopP * total)
                return i + 1;
        }

        return count;
    }

    private void SortTies(int count)
    {
        for (var start = 0; start < count;)
        {
            var end = start + 1;
            while (end < count && _keys[end] == _keys[start])
                end++;
            if (end - start > 1)
                Array.Sort(_order, start, end - start);
            start = end;
        }
    }

    private static int Pick(float* p, int[]? order, int count, double uniform)
    {
        var total = 0.0;
        for (var i = 0; i < count; i++)
            total += p[order is null ? i : order[i]];
        var left = uniform * total;
        var last = 0;
        for (var i = 0; i < count; i++)
        {
            var weight = p[order is null ? i : order[i]];
            if (weight <= 0)
                continue;
            last = i;
            left -= weight;
            if (left < 0)
                return i;
        }

        return last;
    }
}
