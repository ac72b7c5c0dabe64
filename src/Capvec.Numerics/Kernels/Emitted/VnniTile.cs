using System.Runtime.InteropServices;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Capvec.Numerics.Kernels.Emitted;

/// <summary>
/// Writes the machine code of one integer tile: the arithmetic of <see cref="Quantised.IntegerTileAvx512"/>, bit for bit, with vpdpwssd (AVX512-VNNI) where that takes two
/// instructions. .NET 10 has no name for it.
/// </summary>
/// <remarks>
/// The code is a leaf of the calling convention of 64-bit Linux: one argument (rdi, a <see cref="TileCall"/>), nothing saved, no stack. A block's pairs follow one another without
/// a loop. zmm0 to 11 hold integer sums (six tokens, rows 0 to 15, then 16 to 31), zmm12 to 23 float sums, zmm24 to 27 weights of two pairs, zmm28 to 31 broadcasts.
/// </remarks>
internal sealed class VnniTile
{
    private const int MaxTokens = 6;
    private const int VectorBytes = 64;
    private const int RowBytes = 128;

    private readonly Assembler _code = new(64);
    private readonly int _tokens;
    private readonly int _pairs;
    private readonly bool _bytes;

    private VnniTile(int tokens, int pairs, bool bytes) => (_tokens, _pairs, _bytes) = (tokens, pairs, bytes);

    /// <summary>The code of a tile.</summary>
    /// <param name="tokens">1 to 6.</param>
    /// <param name="pairs">Column pairs of a block.</param>
    /// <param name="bytes">Whether weights are a q8_0 panel's bytes, each block after a header of 64, or else unpacked 16-bit pairs.</param>
    public static byte[] Emit(int tokens, int pairs, bool bytes)
    {
        var tile = new VnniTile(tokens, pairs, bytes);
        tile.Write();
        using var stream = new MemoryStream();
        tile._code.Assemble(new StreamCodeWriter(stream), 0);
        return stream.ToArray();
    }

    private void Write()
    {
        _code.mov(rsi, Field(nameof(TileCall.Weights)));
        _code.mov(rdx, Field(nameof(TileCall.Scales)));
        _code.mov(rcx, Field(nameof(TileCall.Blocks)));
        _code.mov(r8, Field(nameof(TileCall.X)));
        _code.mov(r9, Field(nameof(TileCall.Next)));
        for (var i = 0; i < _tokens; i++)
        {
            _code.vpxord(Float(i, 0), Float(i, 0), Float(i, 0));
            _code.vpxord(Float(i, 1), Float(i, 1), Float(i, 1));
        }

        Blocks();
        Minima();
        Finish();
        _code.vzeroupper();
        _code.ret();
    }

    private void Blocks()
    {
        var again = _code.CreateLabel();
        _code.Label(ref again);
        for (var p = 0; p < _pairs; p++)
            Pair(p);
        _code.add(rsi, (_bytes ? VectorBytes : 0) + (_pairs * PairBytes));
        _code.add(r8, _pairs * _tokens * sizeof(int));
        _code.add(r9, _pairs * VectorBytes);
        for (var half = 0; half < 2; half++)
        {
            _code.vmovups(Weight(0, half), __[rdx + (half * VectorBytes)]);
            for (var t = 0; t < _tokens; t++)
                _code.vcvtdq2ps(Sum(t, half), Sum(t, half));
            for (var t = 0; t < _tokens; t++)
                _code.vfmadd231ps(Float(t, half), Sum(t, half), Weight(0, half));
        }

        _code.add(rdx, RowBytes);
        _code.dec(rcx);
        _code.jnz(again);
    }

    // The first pair of a block is where its sums begin.
    private void Pair(int p)
    {
        for (var half = 0; half < 2; half++)
        {
            var at = rsi + ((_bytes ? VectorBytes : 0) + (p * PairBytes) + (half * PairBytes / 2));
            if (_bytes)
                _code.vpmovsxbw(Weight(p, half), __[at]);
            else
                _code.vmovdqu64(Weight(p, half), __[at]);
        }

        for (var t = 0; t < _tokens; t++)
        {
            var x = Broadcast((p * _tokens) + t);
            _code.vpbroadcastd(x, __[r8 + (((p * _tokens) + t) * sizeof(int))]);
            for (var half = 0; half < 2; half++)
            {
                if (p == 0)
                    _code.vpmaddwd(Sum(t, half), Weight(p, half), x);
                else
                    _code.vpdpwssd(Sum(t, half), Weight(p, half), x);
            }
        }

        _code.prefetcht1(__[r9 + (p * VectorBytes)]);
    }

    private void Minima()
    {
        var (again, none) = (_code.CreateLabel(), _code.CreateLabel());
        _code.mov(rdx, Field(nameof(TileCall.Minima)));
        _code.test(rdx, rdx);
        _code.je(none);
        _code.mov(rcx, Field(nameof(TileCall.Blocks)));
        _code.mov(r8, Field(nameof(TileCall.Sums)));
        _code.Label(ref again);
        _code.vmovups(Weight(0, 0), __[rdx]);
        _code.vmovups(Weight(0, 1), __[rdx + VectorBytes]);
        for (var t = 0; t < _tokens; t++)
        {
            _code.vbroadcastss(Broadcast(t), __[r8 + (t * sizeof(float))]);
            _code.vfnmadd231ps(Float(t, 0), Broadcast(t), Weight(0, 0));
            _code.vfnmadd231ps(Float(t, 1), Broadcast(t), Weight(0, 1));
        }

        _code.add(rdx, RowBytes);
        _code.add(r8, _tokens * sizeof(float));
        _code.dec(rcx);
        _code.jnz(again);
        _code.Label(ref none);
        _code.nop();
    }

    private void Finish()
    {
        var (first, end) = (_code.CreateLabel(), _code.CreateLabel());
        _code.mov(rdx, Field(nameof(TileCall.XScales)));
        _code.mov(rcx, Field(nameof(TileCall.From)));
        _code.mov(r8, Field(nameof(TileCall.Y)));
        _code.mov(r9, Field(nameof(TileCall.Stride)));
        _code.cmp(Field(nameof(TileCall.First)), 0);
        _code.jne(first);
        Store(first: false);
        _code.jmp(end);
        _code.Label(ref first);
        Store(first: true);
        _code.Label(ref end);
    }

    private void Store(bool first)
    {
        for (var t = 0; t < _tokens; t++)
        {
            _code.vbroadcastss(Broadcast(t), __[rdx + (t * sizeof(float))]);
            for (var half = 0; half < 2; half++)
            {
                if (first)
                    _code.vmulps(Float(t, half), Float(t, half), Broadcast(t));
                else
                    _code.vfmadd213ps(Float(t, half), Broadcast(t), __[rcx + ((t * RowBytes) + (half * VectorBytes))]);
                _code.vmovups(__[r8 + (half * VectorBytes)], Float(t, half));
            }

            _code.add(r8, r9);
        }
    }

    private int PairBytes => _bytes ? RowBytes / 2 : RowBytes;

    private static AssemblerMemoryOperand Field(string name) => __qword_ptr[rdi + (int)Marshal.OffsetOf<TileCall>(name)];

    private static AssemblerRegisterZMM Sum(int token, int half) => Register((half * MaxTokens) + token);

    private static AssemblerRegisterZMM Float(int token, int half) => Register((2 * MaxTokens) + (half * MaxTokens) + token);

    private static AssemblerRegisterZMM Weight(int pair, int half) => Register((4 * MaxTokens) + (2 * (pair % 2)) + half);

    private static AssemblerRegisterZMM Broadcast(int index) => Register((4 * MaxTokens) + 4 + (index % 4));

    private static AssemblerRegisterZMM Register(int index) => s_registers[index];

    private static readonly AssemblerRegisterZMM[] s_registers =
    [
        zmm0, zmm1, zmm2, zmm3, zmm4, zmm5, zmm6, zmm7, zmm8, zmm9, zmm10, zmm11, zmm12, zmm13, zmm14, zmm15,
        zmm16, zmm17, zmm18, zmm19, zmm20, zmm21, zmm22, zmm23, zmm24, zmm25, zmm26, zmm27, zmm28, zmm29, zmm30, zmm31,
    ];
}
