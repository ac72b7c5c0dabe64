using System.Runtime.InteropServices;

namespace Capvec.Numerics.Memory;

/// <summary>
/// Memory outside the garbage collector, aligned to 64 bytes, owned by whoever made it. Pointers into it are valid until
/// <see cref="Dispose"/> or <see cref="Resize"/>.
/// </summary>
public sealed unsafe class NativeBuffer<T> : IDisposable
    where T : unmanaged
{
    private const nuint Alignment = 64;

    /// <summary>Allocates <paramref name="length"/> elements, zeroed unless <paramref name="clear"/> is false.</summary>
    public NativeBuffer(long length, bool clear = true) => Allocate(length, clear);

    /// <summary>Frees what a forgotten <see cref="Dispose"/> left.</summary>
    ~NativeBuffer() => Free();

    /// <summary>First element.</summary>
    public T* Pointer { get; private set; }

    /// <summary>Number of elements.</summary>
    public long Length { get; private set; }

    /// <summary>The elements as a span (at most 2^31 - 1 of them).</summary>
    public Span<T> Span => new(Pointer, checked((int)Length));

    /// <summary>Grows to at least <paramref name="length"/> elements, contents kept, new ones zeroed; never shrinks.</summary>
    public void Resize(long length)
    {
        if (length <= Length)
            return;
        var old = Pointer;
        var oldLength = Length;
        Allocate(length, clear: true);
        if (old != null)
        {
            NativeMemory.Copy(old, Pointer, (nuint)(oldLength * sizeof(T)));
            Release(old, oldLength);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Allocate(long length, bool clear)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        var bytes = checked((nuint)(length * sizeof(T)));
        var padded = (bytes + Alignment - 1) / Alignment * Alignment;
        Pointer = (T*)(padded >= HugePages.Size ? HugePages.Allocate(padded) : NativeMemory.AlignedAlloc(Math.Max(padded, Alignment), Alignment));
        if (clear)
            NativeMemory.Clear(Pointer, Math.Max(padded, Alignment));
        Length = length;
        GC.AddMemoryPressure(Math.Max(1, length * sizeof(T)));
    }

    private void Free()
    {
        if (Pointer == null)
            return;
        Release(Pointer, Length);
        Pointer = null;
        Length = 0;
    }

    private static void Release(T* pointer, long length)
    {
        NativeMemory.AlignedFree(pointer);
        GC.RemoveMemoryPressure(Math.Max(1, length * sizeof(T)));
    }
}
