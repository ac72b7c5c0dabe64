using System.Collections.Immutable;
using Capvec.Engine.Requests;
using Capvec.Formats.Errors;
using Capvec.Numerics.Vectors;

namespace Capvec.Engine.Batching;

/// <summary>Reduces a sequence's residual rows as they are computed. Rows come in order of position, so chunks do not change the sums.</summary>
internal sealed unsafe class CaptureAccumulator
{
    private readonly CaptureRequest _request;
    private readonly int _hidden;
    private readonly int[] _slot;
    private readonly double[][] _sums;
    private readonly List<float>[] _rows;
    private readonly int _chosen;
    private readonly int _last;

    public CaptureAccumulator(CaptureRequest request, int layers, int hidden, int tokens)
    {
        (_request, _hidden) = (request, hidden);
        Layers = request.Layers.IsDefaultOrEmpty ? [.. Enumerable.Range(0, layers)] : request.Layers;
        if (request.Tokens is { } chosen && chosen.Count != tokens)
            throw new CapvecException($"the capture mask has {chosen.Count} entries for {tokens} tokens; give one for each.");
        _slot = new int[layers];
        Array.Fill(_slot, -1);
        for (var i = 0; i < Layers.Length; i++)
        {
            if ((uint)Layers[i] >= (uint)layers)
                throw new CapvecException($"layer {Layers[i]} does not exist: the model has blocks 0 to {layers - 1}.");
            _slot[Layers[i]] = i;
        }

        _sums = [.. Layers.Select(_ => new double[request.Reduction == CaptureReduction.Mean ? hidden : 0])];
        _rows = [.. Layers.Select(_ => new List<float>())];
        _chosen = request.Tokens?.Count(t => t) ?? tokens;
        _last = tokens - 1;
        while (_last >= 0 && !IsChosen(_last))
            _last--;
    }

    /// <summary>0-based blocks, in the order of the result.</summary>
    public ImmutableArray<int> Layers { get; }

    /// <summary>First position wanted; past every position when none is.</summary>
    public int First => _request.Tokens is { } chosen ? chosen.TakeWhile(c => !c).Count() : 0;

    /// <summary>Whether a layer is wanted.</summary>
    public bool Wants(int layer) => _slot[layer] >= 0;

    /// <summary>Whether the row of a position at a wanted layer has a part in the result.</summary>
    public bool Reads(int position) => IsChosen(position) && (_request.Reduction != CaptureReduction.Last || position == _last);

    /// <summary>Whether columns may be taken apart, by different threads.</summary>
    public bool IsByColumn => _request.Reduction == CaptureReduction.Mean;

    /// <summary>Takes columns <c>[from, to)</c> of the row of a position that the result reads, at one layer: each position once, in order; all columns at once unless <see cref="IsByColumn"/>.</summary>
    public void Take(int layer, float* row, int from, int to)
    {
        var slot = _slot[layer];
        var values = new ReadOnlySpan<float>(row, _hidden);
        switch (_request.Reduction)
        {
            case CaptureReduction.Mean:
                var sums = _sums[slot];
                fixed (double* first = sums)
                    Rows.AddTo(first + from, row + from, to - from);
                break;
            case CaptureReduction.Lengths:
                var squares = 0.0;
                foreach (var x in values)
                    squares += (double)x * x;
                _rows[slot].Add((float)Math.Sqrt(squares));
                break;
            default:
                _rows[slot].AddRange(values);
                break;
        }
    }

    public CaptureResult Result()
    {
        var tokens = Layers.IsEmpty ? 0 : _chosen;
        if (_request.Reduction == CaptureReduction.Mean)
        {
            var means = _sums.Select(sums => tokens == 0 ? [] : Array.ConvertAll(sums, s => (float)(s / tokens)));
            return new CaptureResult(Layers, tokens == 0 ? 0 : 1, tokens, [.. means]);
        }

        return new CaptureResult(Layers, _request.Reduction == CaptureReduction.Last ? Math.Min(tokens, 1) : tokens, tokens, [.. _rows.Select(r => r.ToArray())]);
    }

    private bool IsChosen(int position) => _request.Tokens is not { } chosen || chosen[position];
}
