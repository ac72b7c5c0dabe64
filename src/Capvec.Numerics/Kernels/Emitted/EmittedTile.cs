using System.Runtime.InteropServices;
using Capvec.Numerics.Kernels.Quantised;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Capvec.Numerics.Kernels.Emitted;

/// <summary>
/// Writes the machine code of one tile, 32 rows by some tokens over one chunk of columns: what .NET 10 has no intrinsics for (AVX512-VNNI).
/// </summary>
/// <remarks>
/// The code is a leaf in the calling convention of 64-bit Linux: one argument (rdi, a <see cref="TileCall"/>), nothing saved, no stack. A block's columns follow one another
/// without a loop. zmm0 to 11 hold integer sums (six tokens, rows 0 to 15, then 16 to 31), zmm12 to 23 float sums, zmm24 to 27 weights of two steps, zmm28 to 31 broadcasts.
/// </remarks>
internal abstract class EmittedTile
{
    private protected const int VectorBytes = 64;
    private protected const int RowBytes = 2 * VectorBytes;
    private const int MaxTokens = 6;

    private static readonly AssemblerRegisterZMM[] s_registers =
    [
        zmm0, zmm1, zmm2, zmm3, zmm4, zmm5, zmm6, zmm7, zmm8, zmm9, zmm10, zmm11, zmm12, zmm13, zmm14, zmm15,
        zmm16, zmm17, zmm18, zmm19, zmm20, zmm21, zmm22, zmm23, zmm24, zmm25, zmm26, zmm27, zmm28, zmm29, zmm30, zmm31,
    ];

    private readonly List<(Label Label, byte[] Bytes)> _constants = [];
    private readonly int _lines;

    private protected EmittedTile(int tokens, bool keep, int lines)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(tokens, MaxTokens);
        (Tokens, Keep, _lines) = (tokens, keep, lines);
    }

    // What unpacking keeps in registers: two of the four for weights, and one of those for broadcasts.
    private protected static AssemblerRegisterZMM KeptA => Weight(1, 0);

    private protected static AssemblerRegisterZMM KeptB => Weight(1, 1);

    private protected static AssemblerRegisterZMM KeptC => Broadcast(3);

    private protected Assembler Code { get; } = new(64);

    private protected int Tokens { get; }

    /// <summary>Whether what is unpacked is written down for other tiles.</summary>
    private protected bool Keep { get; }

    /// <summary>The code, which does not depend on its address. To be called once.</summary>
    public byte[] Emit()
    {
        Code.mov(rsi, Field(nameof(TileCall.Weights)));
        Code.mov(rdx, Field(nameof(TileCall.Scales)));
        Code.mov(rcx, Field(nameof(TileCall.Blocks)));
        Code.mov(r8, Field(nameof(TileCall.X)));
        Code.mov(r9, Field(nameof(TileCall.Next)));
        Begin();
        var again = Code.CreateLabel();
        Code.Label(ref again);
        Block();
        Code.dec(rcx);
        Code.jnz(again);
        Minima();
        Finish();
        Code.vzeroupper();
        Code.ret();
        foreach (var (label, bytes) in _constants)
        {
            var here = label;
            Code.Label(ref here);
            Code.db(bytes);
        }

        using var stream = new MemoryStream();
        Code.Assemble(new StreamCodeWriter(stream), 0);
        return stream.ToArray();
    }

    private protected abstract void Begin();

    /// <summary>One block of columns; leaves rcx alone and moves the other pointers on.</summary>
    private protected abstract void Block();

    private protected abstract void Finish();

    private protected static AssemblerMemoryOperand Field(string name) => __qword_ptr[rdi + (int)Marshal.OffsetOf<TileCall>(name)];

    private protected static AssemblerRegisterZMM Sum(int token, int half) => s_registers[(half * MaxTokens) + token];

    private protected static AssemblerRegisterZMM Float(int token, int half) => s_registers[(2 * MaxTokens) + (half * MaxTokens) + token];

    private protected static AssemblerRegisterZMM Weight(int step, int half) => s_registers[(4 * MaxTokens) + (2 * (step % 2)) + half];

    private protected static AssemblerRegisterZMM Broadcast(int index) => s_registers[(4 * MaxTokens) + 4 + index];

    /// <summary>Bytes that stand behind the code.</summary>
    private protected AssemblerMemoryOperand Constant(byte[] bytes)
    {
        var label = Code.CreateLabel();
        _constants.Add((label, bytes));
        return __[label];
    }

    private protected void ClearFloats()
    {
        for (var t = 0; t < Tokens; t++)
        {
            Code.vpxord(Float(t, 0), Float(t, 0), Float(t, 0));
            Code.vpxord(Float(t, 1), Float(t, 1), Float(t, 1));
        }
    }

    /// <summary>Runs one of two pieces, whichever <see cref="TileCall.First"/> says; an instruction must follow.</summary>
    private protected void IfFirst(Action first, Action later)
    {
        var (isFirst, end) = (Code.CreateLabel(), Code.CreateLabel());
        Code.cmp(Field(nameof(TileCall.First)), 0);
        Code.jne(isFirst);
        later();
        Code.jmp(end);
        Code.Label(ref isFirst);
        first();
        Code.Label(ref end);
    }

    /// <summary>Asks for a step's share of a block's cache lines.</summary>
    private protected void Ask(int step, int steps)
    {
        for (var line = step * _lines / steps; line < (step + 1) * _lines / steps; line++)
            Code.prefetcht1(__[r9 + (line * VectorBytes)]);
    }

    /// <summary>Reads the scales of 16 rows: float16 in the block's header, where it has one, or else float32. Infinity and not-a-number stay so; <see cref="HalfLanes"/> makes large numbers of them.</summary>
    private protected void Scale(AssemblerRegisterZMM w, int header, int part, int half)
    {
        var scale = __[rdx + ((part * RowBytes) + (half * VectorBytes))];
        if (header == 0)
        {
            Code.vmovups(w, scale);
            return;
        }

        Code.vcvtph2ps(w, __[rsi + (half * VectorBytes / 2)]);
        if (Keep)
            Code.vmovups(scale, w);
    }

    /// <summary>Moves the pointers to the next block.</summary>
    /// <param name="bytes">Of a block of weights.</param>
    /// <param name="parts">Of scales.</param>
    /// <param name="steps">Words of activations for a token, and of unpacked weights for a row.</param>
    private protected void Advance(int bytes, int parts, int steps)
    {
        Code.add(rsi, bytes);
        Code.add(rdx, parts * RowBytes);
        Code.add(r8, steps * Tokens * sizeof(int));
        if (_lines > 0)
            Code.add(r9, _lines * VectorBytes);
        if (Keep)
            Code.add(rax, steps * RowBytes);
    }

    /// <summary>Takes minima times sums off, if there are any.</summary>
    private void Minima()
    {
        var (again, none) = (Code.CreateLabel(), Code.CreateLabel());
        Code.mov(rdx, Field(nameof(TileCall.Minima)));
        Code.test(rdx, rdx);
        Code.je(none);
        Code.mov(rcx, Field(nameof(TileCall.Blocks)));
        Code.mov(r8, Field(nameof(TileCall.Sums)));
        Code.Label(ref again);
        Code.vmovups(Weight(0, 0), __[rdx]);
        Code.vmovups(Weight(0, 1), __[rdx + VectorBytes]);
        for (var t = 0; t < Tokens; t++)
        {
            Code.vbroadcastss(Broadcast(t % 4), __[r8 + (t * sizeof(float))]);
            Code.vfnmadd231ps(Float(t, 0), Broadcast(t % 4), Weight(0, 0));
            Code.vfnmadd231ps(Float(t, 1), Broadcast(t % 4), Weight(0, 1));
        }

        Code.add(rdx, RowBytes);
        Code.add(r8, Tokens * sizeof(float));
        Code.dec(rcx);
        Code.jnz(again);
        Code.Label(ref none);
        Code.mov(rdx, Field(nameof(TileCall.XScales)));
        Code.mov(rcx, Field(nameof(TileCall.From)));
        Code.mov(r8, Field(nameof(TileCall.Y)));
        Code.mov(r9, Field(nameof(TileCall.Stride)));
    }
}
