using Capvec.Numerics.Kernels.Quantised;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Capvec.Numerics.Kernels.Emitted;

/// <summary>
/// Weights and activations of 16 bits: the arithmetic of <see cref="IntegerTileAvx512"/>, bit for bit, with vpdpwssd where that takes two instructions.
/// </summary>
/// <param name="tokens">1 to 6.</param>
/// <param name="source">Where weights come from.</param>
/// <param name="keep">Whether pairs and scales are written to <see cref="TileCall.Unpacked"/> and <see cref="TileCall.Scales"/>.</param>
/// <param name="lines">Cache lines to ask for in each block.</param>
internal sealed class WordTile(int tokens, WordSource source, bool keep, int lines) : EmittedTile(tokens, keep, lines)
{
    private const int Pairs = 16;

    private readonly bool _unpacks = source is WordSource.Q4_0 or WordSource.Q4_K or WordSource.Q6_K;
    private readonly int _parts = source is WordSource.HalfBlockPairs or WordSource.Q6_K ? 2 : 1;
    private readonly int _header = source is WordSource.Q8_0 or WordSource.Q4_0 or WordSource.Block12 ? VectorBytes : 0;
    private readonly int _blockBytes = source switch
    {
        WordSource.Q8_0 => Pairs * RowBytes / 2,
        WordSource.Q4_0 or WordSource.Q4_K => Pairs * RowBytes / 4,
        WordSource.Q6_K => 2 * PanelLayout.Q6KBlockBytes,
        _ => Pairs * RowBytes,
    };

    private protected override void Begin()
    {
        if (_unpacks)
        {
            Set(KeptA, 0x0F);
            Set(KeptB, 0x30);
            Set(KeptC, source == WordSource.Q6_K ? 32 : 8);
        }

        ClearFloats();
        Code.mov(rax, Field(nameof(TileCall.Unpacked)));
    }

    private protected override void Block()
    {
        for (var part = 0; part < _parts; part++)
        {
            var first = part * Pairs / _parts;
            for (var p = first; p < first + (Pairs / _parts); p++)
                Pair(p, p == first);
            for (var half = 0; half < 2; half++)
            {
                Scale(part, half);
                for (var t = 0; t < Tokens; t++)
                    Code.vcvtdq2ps(Sum(t, half), Sum(t, half));
                for (var t = 0; t < Tokens; t++)
                    Code.vfmadd231ps(Float(t, half), Sum(t, half), Weight(0, half));
            }
        }

        Advance(_header + _blockBytes, _parts, Pairs);
    }

    private protected override void Finish() => IfFirst(() => Store(first: true), () => Store(first: false));

    // The first pair is where sums begin.
    private void Pair(int p, bool first)
    {
        var step = _unpacks ? 0 : p;
        for (var half = 0; half < 2; half++)
        {
            Load(Weight(step, half), p, half);
            if (Keep)
                Code.vmovdqu64(__[rax + ((p * RowBytes) + (half * VectorBytes))], Weight(step, half));
        }

        for (var t = 0; t < Tokens; t++)
        {
            var x = Broadcast(((p * Tokens) + t) % (_unpacks ? 3 : 4));
            Code.vpbroadcastd(x, __[r8 + (((p * Tokens) + t) * sizeof(int))]);
            for (var half = 0; half < 2; half++)
            {
                if (first)
                    Code.vpmaddwd(Sum(t, half), Weight(step, half), x);
                else
                    Code.vpdpwssd(Sum(t, half), Weight(step, half), x);
            }
        }

        Ask(p, Pairs);
    }

    private void Load(AssemblerRegisterZMM w, int p, int half)
    {
        switch (source)
        {
            case WordSource.Q8_0:
                Code.vpmovsxbw(w, __[rsi + (_header + (p * RowBytes / 2) + (half * VectorBytes / 2))]);
                break;
            case WordSource.Q4_0 or WordSource.Q4_K:
                Nibble(w, p, __zmmword_ptr[rsi + (_header + (p / 4 * RowBytes) + (half * VectorBytes))]);
                if (source == WordSource.Q4_0)
                    Code.vpsubw(w, w, KeptC);
                break;
            case WordSource.Q6_K:
                // 16 columns are two words of nibbles and one of upper bits, two for each of eight pairs.
                var (block, pair) = (rsi + ((p / 8 * PanelLayout.Q6KBlockBytes) + (half * VectorBytes)), p % 8);
                var (upper, bits) = (Broadcast(half), __zmmword_ptr[block + (2 * RowBytes)]);
                Nibble(w, p, __zmmword_ptr[block + (pair / 4 * RowBytes)]);
                if (pair < 2)
                    Code.vpsllw(upper, bits, (byte)(4 - (2 * pair)));
                else
                    Code.vpsrlw(upper, bits, (byte)((2 * pair) - 4));
                Code.vpternlogd(w, upper, KeptB, 0xF8); // w | (upper & KeptB)
                Code.vpsubw(w, w, KeptC);
                break;
            default:
                Code.vmovdqu64(w, __[rsi + (_header + (p * RowBytes) + (half * VectorBytes))]);
                break;
        }
    }

    private void Nibble(AssemblerRegisterZMM w, int p, AssemblerMemoryOperand words)
    {
        if (p % 4 == 0)
        {
            Code.vpandd(w, KeptA, words);
            return;
        }

        Code.vpsrlw(w, words, (byte)(p % 4 * 4));
        if (p % 4 != 3)
            Code.vpandd(w, w, KeptA);
    }

    private void Scale(int part, int half)
    {
        var w = Weight(0, half);
        if (source != WordSource.Block12)
        {
            Scale(w, _header, part, half);
            return;
        }

        Code.vpmovzxwd(w, __[rsi + (half * VectorBytes / 2)]);
        Code.vpslld(w, w, 16);
    }

    private void Set(AssemblerRegisterZMM register, int value)
    {
        Code.mov(eax, value);
        Code.vpbroadcastw(register, eax);
    }

    private void Store(bool first)
    {
        for (var t = 0; t < Tokens; t++)
        {
            Code.vbroadcastss(Broadcast(t % 4), __[rdx + (t * sizeof(float))]);
            for (var half = 0; half < 2; half++)
            {
                if (first)
                    Code.vmulps(Float(t, half), Float(t, half), Broadcast(t % 4));
                else
                    Code.vfmadd213ps(Float(t, half), Broadcast(t % 4), __[rcx + ((t * RowBytes) + (half * VectorBytes))]);
                Code.vmovups(__[r8 + (half * VectorBytes)], Float(t, half));
            }

            Code.add(r8, r9);
        }
    }
}
