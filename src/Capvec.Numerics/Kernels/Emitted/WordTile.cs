using Capvec.Numerics.Kernels.Quantised;
using static Iced.Intel.AssemblerRegisters;

namespace Capvec.Numerics.Kernels.Emitted;

/// <summary>
/// Weights and activations of 16 bits: the arithmetic of <see cref="IntegerTileAvx512"/>, bit for bit, with vpdpwssd where that takes two instructions.
/// </summary>
/// <param name="tokens">1 to 6.</param>
/// <param name="source">Where weights come from.</param>
/// <param name="lines">Cache lines to ask for in each block.</param>
internal sealed class WordTile(int tokens, WordSource source, int lines) : EmittedTile(tokens)
{
    private const int Pairs = 16;

    private readonly bool _bytes = source == WordSource.Q8_0;
    private readonly int _parts = source == WordSource.HalfBlockPairs ? 2 : 1;
    private readonly int _header = source == WordSource.Q8_0 ? VectorBytes : 0;
    private readonly int _pairBytes = source == WordSource.Q8_0 ? RowBytes / 2 : RowBytes;

    private protected override void Begin() => ClearFloats();

    private protected override void Block()
    {
        for (var part = 0; part < _parts; part++)
        {
            var first = part * Pairs / _parts;
            for (var p = first; p < first + (Pairs / _parts); p++)
                Pair(p, p == first);
            for (var half = 0; half < 2; half++)
            {
                if (_bytes)
                    Code.vcvtph2ps(Weight(0, half), __[rsi + (half * VectorBytes / 2)]);
                else
                    Code.vmovups(Weight(0, half), __[rdx + ((part * RowBytes) + (half * VectorBytes))]);
                for (var t = 0; t < Tokens; t++)
                    Code.vcvtdq2ps(Sum(t, half), Sum(t, half));
                for (var t = 0; t < Tokens; t++)
                    Code.vfmadd231ps(Float(t, half), Sum(t, half), Weight(0, half));
            }
        }

        Code.add(rsi, _header + (Pairs * _pairBytes));
        Code.add(rdx, _parts * RowBytes);
        Code.add(r8, Pairs * Tokens * sizeof(int));
        if (lines > 0)
            Code.add(r9, lines * VectorBytes);
    }

    private protected override void Finish() => IfFirst(() => Store(first: true), () => Store(first: false));

    // The first pair is where sums begin.
    private void Pair(int p, bool first)
    {
        for (var half = 0; half < 2; half++)
        {
            var at = rsi + (_header + (p * _pairBytes) + (half * _pairBytes / 2));
            if (_bytes)
                Code.vpmovsxbw(Weight(p, half), __[at]);
            else
                Code.vmovdqu64(Weight(p, half), __[at]);
        }

        for (var t = 0; t < Tokens; t++)
        {
            var x = Broadcast((p * Tokens) + t);
            Code.vpbroadcastd(x, __[r8 + (((p * Tokens) + t) * sizeof(int))]);
            for (var half = 0; half < 2; half++)
            {
                if (first)
                    Code.vpmaddwd(Sum(t, half), Weight(p, half), x);
                else
                    Code.vpdpwssd(Sum(t, half), Weight(p, half), x);
            }
        }

        Ask(p, Pairs, lines);
    }

    private void Store(bool first)
    {
        for (var t = 0; t < Tokens; t++)
        {
            Code.vbroadcastss(Broadcast(t), __[rdx + (t * sizeof(float))]);
            for (var half = 0; half < 2; half++)
            {
                if (first)
                    Code.vmulps(Float(t, half), Float(t, half), Broadcast(t));
                else
                    Code.vfmadd213ps(Float(t, half), Broadcast(t), __[rcx + ((t * RowBytes) + (half * VectorBytes))]);
                Code.vmovups(__[r8 + (half * VectorBytes)], Float(t, half));
            }

            Code.add(r8, r9);
        }
    }
}
