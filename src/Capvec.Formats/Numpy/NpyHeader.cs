using System.Buffers.Binary;
using System.Text;
using Capvec.Formats.Tensors;

namespace Capvec.Formats.Numpy;

/// <summary>
/// The header of an .npy file: <c>\x93NUMPY | major | minor | length of the text (2 bytes in version 1, else 4) | text</c>, where the text is a Python
/// dictionary of descr, fortran_order and shape. It is parsed as exactly that and never evaluated.
/// </summary>
internal sealed class NpyHeader
{
    /// <summary>The longest text that is read, as in numpy.</summary>
    public const int MaxText = 10_000;

    /// <summary>Bytes before the text in versions 2 and 3.</summary>
    public const int MaxHead = 12;

    private const int MaxRank = 64;

    private static readonly Dictionary<string, ElementType> Types = new(StringComparer.Ordinal)
    {
        ["|b1"] = ElementType.Bool,
        ["|u1"] = ElementType.U8,
        ["|i1"] = ElementType.I8,
        ["<i2"] = ElementType.I16,
        ["<u2"] = ElementType.U16,
        ["<i4"] = ElementType.I32,
        ["<u4"] = ElementType.U32,
        ["<i8"] = ElementType.I64,
        ["<u8"] = ElementType.U64,
        ["<f2"] = ElementType.F16,
        ["<f4"] = ElementType.F32,
        ["<f8"] = ElementType.F64,
    };

    /// <summary>What every file begins with.</summary>
    public static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    private NpyHeader(ElementType dtype, bool isFortran, long[] shape) => (Dtype, IsFortran, Shape) = (dtype, isFortran, shape);

    /// <summary>Type of the elements.</summary>
    public ElementType Dtype { get; }

    /// <summary>Whether the first axis is the contiguous one.</summary>
    public bool IsFortran { get; }

    /// <summary>Sizes, outermost first.</summary>
    public long[] Shape { get; }

    /// <summary>Bytes of the elements.</summary>
    public long ByteLength { get; private init; }

    /// <summary>What users of the library see of it.</summary>
    public NumpyInfo Info => new(Dtype, Shape, IsFortran);

    /// <summary>Where the text begins, and its length.</summary>
    /// <param name="head">The first <see cref="MaxHead"/> bytes of the file, or fewer where it has no more.</param>
    /// <exception cref="InvalidDataException">It is no header of a known version.</exception>
    public static (int Start, int Length) Locate(ReadOnlySpan<byte> head)
    {
        if (!head.StartsWith(Magic))
            throw new InvalidDataException("it does not begin like an .npy array");
        if (head.Length < MaxHead)
            throw new InvalidDataException($"it is truncated: it has only {head.Length} bytes");
        var (start, length) = (head[6], head[7]) switch
        {
            (1, 0) => (10, BinaryPrimitives.ReadUInt16LittleEndian(head[8..])),
            (2 or 3, 0) => (12, BinaryPrimitives.ReadUInt32LittleEndian(head[8..])),
            var (major, minor) => throw new InvalidDataException($"it is of version {major}.{minor}; versions 1.0, 2.0 and 3.0 are read"),
        };
        return length <= MaxText ? (start, (int)length) : throw new InvalidDataException($"its header has {length} bytes; at most {MaxText} are read");
    }

    /// <summary>Parses the text of a header.</summary>
    /// <exception cref="InvalidDataException">It is not the dictionary that numpy writes, or describes an array that is not read.</exception>
    public static NpyHeader Parse(ReadOnlySpan<byte> text)
    {
        var scanner = new PythonDictionary(Encoding.Latin1.GetString(text));
        string? descr = null;
        bool? isFortran = null;
        long[]? shape = null;
        foreach (var key in scanner.Keys())
        {
            switch (key)
            {
                case "descr" when descr is null:
                    descr = scanner.Text("descr");
                    break;
                case "fortran_order" when isFortran is null:
                    isFortran = scanner.Flag("fortran_order");
                    break;
                case "shape" when shape is null:
                    shape = scanner.Sizes("shape", MaxRank);
                    break;
                case "descr" or "fortran_order" or "shape":
                    throw new InvalidDataException($"its header has {key} twice");
                default:
                    throw new InvalidDataException($"its header has the field '{key}'; expected descr, fortran_order and shape");
            }
        }

        if (descr is null || isFortran is null || shape is null)
            throw new InvalidDataException($"its header lacks {(descr is null ? "descr" : isFortran is null ? "fortran_order" : "shape")}");
        if (!Types.TryGetValue(descr, out var type))
            throw new InvalidDataException($"its descr '{descr}' is not read; expected one of {string.Join(", ", Types.Keys)} (save it with astype('<f4'))");
        return new NpyHeader(type, isFortran.Value, shape) { ByteLength = Bytes(shape, type.Size()) };
    }

    /// <summary>The descr of a type that is written.</summary>
    public static string DescrOf(ElementType type) => Types.First(pair => pair.Value == type).Key;

    private static long Bytes(long[] shape, int size)
    {
        Int128 bytes = size;
        foreach (var length in shape)
        {
            bytes *= length;
            if (bytes > long.MaxValue)
                throw new InvalidDataException($"its shape ({string.Join(", ", shape)}) has more than 2^63 bytes");
        }

        return (long)bytes;
    }
}
