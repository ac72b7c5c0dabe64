using System.Runtime.Intrinsics;
using Capvec.Numerics.Kernels.Quantised;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Capvec.Numerics.Kernels.Emitted;

/// <summary>
/// Weights and activations of 8 bits (<see cref="ByteRows"/>, <see cref="QuadUnpacking"/>): four columns an instruction, vpdpbusd.
/// </summary>
/// <remarks>
/// <code>
/// i32 lane r   = offset[block, t] + sum over the block of (w[r] + 128) x[t]       exact
/// y[t, r]     += (f32(i32 lane r) * activation scale[block, t]) * scale[block, r]  after each block
/// y[t, r]     -= minimum[block, r] * sum[block, t]                                 after all blocks of the chunk
/// </code>
/// Blocks are of 32 columns. A panel's weights become quads in registers, while multiplications that do not need them go on: in a loop of its own, unpacking would wait for memory.
/// </remarks>
/// <param name="tokens">1 to 6.</param>
/// <param name="source">Where weights come from.</param>
/// <param name="keep">Whether quads and scales are written to <see cref="TileCall.Unpacked"/> and <see cref="TileCall.Scales"/>.</param>
/// <param name="lines">Cache lines to ask for in each block.</param>
internal sealed class ByteTile(int tokens, ByteSource source, bool keep, int lines) : EmittedTile(tokens, keep, lines)
{
    private const int Quads = 8;

    private readonly int _parts = source is ByteSource.HalfBlockQuads or ByteSource.Q6_K ? 2 : 1;
    private readonly int _header = source is ByteSource.Q8_0 or ByteSource.Q4_0 ? VectorBytes : 0;
    private readonly int _blockBytes = source switch
    {
        ByteSource.Q4_0 or ByteSource.Q4_K => Quads * RowBytes / 2,
        ByteSource.Q6_K => 2 * PanelLayout.Q6KBlockBytes,
        _ => Quads * RowBytes,
    };

    private readonly AssemblerMemoryOperand[] _upperBits = new AssemblerMemoryOperand[4];

    private protected override void Begin()
    {
        Constants();
        IfFirst(ClearFloats, () =>
        {
            Code.mov(rax, Field(nameof(TileCall.From)));
            for (var t = 0; t < Tokens; t++)
            {
                Code.vmovups(Float(t, 0), __[rax + (t * RowBytes)]);
                Code.vmovups(Float(t, 1), __[rax + ((t * RowBytes) + VectorBytes)]);
            }
        });
        Code.mov(r10, Field(nameof(TileCall.Offsets)));
        Code.mov(r11, Field(nameof(TileCall.XScales)));
        Code.mov(rax, Field(nameof(TileCall.Unpacked)));
    }

    private protected override void Block()
    {
        for (var part = 0; part < _parts; part++)
            Part(part);
        Advance(_header + _blockBytes, _parts, Quads);
        Code.add(r10, _parts * Tokens * sizeof(int));
        Code.add(r11, Tokens * sizeof(float));
    }

    private protected override void Finish()
    {
        for (var t = 0; t < Tokens; t++)
        {
            Code.vmovups(__[r8], Float(t, 0));
            Code.vmovups(__[r8 + VectorBytes], Float(t, 1));
            Code.add(r8, r9);
        }
    }

    private void Constants()
    {
        switch (source)
        {
            case ByteSource.Q8_0:
                Code.vmovdqu64(KeptA, Constant(Interleaved(0)));
                Code.vmovdqu64(KeptB, Constant(Interleaved(32)));
                Set(KeptC, 128);
                break;
            case ByteSource.Q4_0 or ByteSource.Q4_K:
                Set(KeptA, 0x0F);
                Set(KeptC, source == ByteSource.Q4_0 ? 128 - 8 : 128);
                break;
            case ByteSource.Q6_K:
                for (var quad = 0; quad < _upperBits.Length; quad++)
                    _upperBits[quad] = Constant(UpperBits(quad));
                Set(KeptA, 0x0F);
                Set(KeptB, 0x30);
                Set(KeptC, 128 - 32);
                break;
        }
    }

    // The same byte everywhere.
    private void Set(AssemblerRegisterZMM register, int value)
    {
        Code.mov(eax, value);
        Code.vpbroadcastb(register, eax);
    }

    private void Part(int part)
    {
        for (var t = 0; t < Tokens; t++)
        {
            Code.vpbroadcastd(Sum(t, 0), __[r10 + (((part * Tokens) + t) * sizeof(int))]);
            Code.vmovdqa32(Sum(t, 1), Sum(t, 0));
        }

        for (var quad = part * Quads / _parts; quad < (part + 1) * Quads / _parts; quad++)
            Quad(quad);
        for (var half = 0; half < 2; half++)
            Scale(Weight(0, half), _header, part, half);
        for (var t = 0; t < Tokens; t++)
        {
            for (var half = 0; half < 2; half++)
            {
                Code.vcvtdq2ps(Sum(t, half), Sum(t, half));
                Code.vmulps(Sum(t, half), Sum(t, half), __dword_bcst[r11 + (t * sizeof(float))]);
                Code.vfmadd231ps(Float(t, half), Sum(t, half), Weight(0, half));
            }
        }
    }

    private void Quad(int quad)
    {
        for (var half = 0; half < 2; half++)
        {
            Load(quad, half);
            if (Keep)
                Code.vmovdqu64(__[rax + ((quad * RowBytes) + (half * VectorBytes))], Weight(0, half));
        }

        for (var t = 0; t < Tokens; t++)
        {
            var x = Broadcast(((quad * Tokens) + t) % 3);
            Code.vpbroadcastd(x, __[r8 + (((quad * Tokens) + t) * sizeof(int))]);
            Code.vpdpbusd(Sum(t, 0), Weight(0, 0), x);
            Code.vpdpbusd(Sum(t, 1), Weight(0, 1), x);
        }

        Ask(quad, Quads);
    }

    private void Load(int quad, int half)
    {
        var w = Weight(0, half);
        var octet = quad / 2;
        switch (source)
        {
            case ByteSource.Q8_0:
                // Of four pairs, the bytes of the first and third are one quad, of the others the next.
                var pair = rsi + (_header + (octet * 2 * RowBytes) + (quad % 2 * VectorBytes));
                Code.vmovdqu64(w, __[pair]);
                Code.vpermt2b(w, half == 0 ? KeptA : KeptB, __[pair + (2 * VectorBytes)]);
                Code.vpxord(w, w, KeptC);
                break;
            case ByteSource.Q4_0 or ByteSource.Q4_K:
                Nibbles(w, quad, __zmmword_ptr[rsi + (_header + (octet * RowBytes) + (half * VectorBytes))]);
                Code.vpaddb(w, w, KeptC);
                break;
            case ByteSource.Q6_K:
                // 16 columns are two octets of nibbles and a vector of upper bits, which a shift a byte brings above the nibbles.
                var block = rsi + ((octet / 2 * PanelLayout.Q6KBlockBytes) + (half * VectorBytes));
                var upper = Broadcast(half);
                Nibbles(w, quad, __zmmword_ptr[block + (octet % 2 * RowBytes)]);
                Code.vmovdqu64(upper, _upperBits[quad % 4]);
                Code.vpmultishiftqb(upper, upper, __[block + (2 * RowBytes)]);
                Code.vpternlogd(w, upper, KeptB, 0xF8); // w | (upper & KeptB)
                Code.vpaddb(w, w, KeptC);
                break;
            default:
                Code.vmovdqu64(w, __[rsi + ((quad * RowBytes) + (half * VectorBytes))]);
                break;
        }
    }

    // Words of eight nibbles: those at even places are the first quad of an octet, the others the second.
    private void Nibbles(AssemblerRegisterZMM w, int quad, AssemblerMemoryOperand words)
    {
        if (quad % 2 == 0)
        {
            Code.vpandd(w, KeptA, words);
            return;
        }

        Code.vpsrld(w, words, 4);
        Code.vpandd(w, w, KeptA);
    }

    private static byte[] Interleaved(int first)
    {
        var indices = new byte[VectorBytes];
        QuadUnpacking.Interleave(first).CopyTo(indices);
        return indices;
    }

    // Of 64 bits, the one from which each byte of a quad is taken: four before the two upper bits of its weight. Bytes 0 and 1 of a quad are an even column of the first and third
    // pair (of four), bytes 2 and 3 the odd ones, 16 bits on; the second quad is a pair later.
    private static byte[] UpperBits(int quad)
    {
        var bits = new byte[VectorBytes];
        for (var i = 0; i < bits.Length; i++)
        {
            var pair = (4 * (quad / 2)) + (2 * (i % 2)) + (quad % 2);
            bits[i] = (byte)(((i % 8 / 2 * 16) + (2 * pair) + 60) % 64);
        }

        return bits;
    }
}
