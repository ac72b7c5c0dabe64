using System.Numerics;
using Capvec.Formats.Errors;
using Capvec.Formats.Files;

namespace Capvec.Formats.Gguf;

/// <summary>
/// Parses and checks the header of one GGUF file (version 2 or 3, little endian). What holds afterwards: keys and tensor names are unique,
/// rows are whole blocks, tensors follow one another from the begin of the data, each at the next multiple of the alignment, and lie inside the file.
/// </summary>
internal sealed class GgufHeader
{
    /// <summary>Most dimensions of a tensor.</summary>
    public const int MaxDimensions = 4;

    /// <summary>Most bytes of a tensor name.</summary>
    public const int MaxNameBytes = 63;

    private const int DefaultAlignment = 32;

    private readonly GgufScanner _scanner;
    private readonly RandomFile _file;
    private readonly int _part;

    private GgufHeader(RandomFile file, int part)
    {
        _file = file;
        _part = part;
        _scanner = new GgufScanner(file);
        var (tensorCount, valueCount) = ReadHead();
        var values = new OrderedDictionary<string, object>(StringComparer.Ordinal);
        for (var i = 0L; i < valueCount; i++)
            ReadValue(values, $"key {i} of {valueCount}");
        Metadata = new GgufMetadata(file.Path, values);
        Alignment = ReadAlignment(values);
        for (var i = 0L; i < tensorCount; i++)
            ReadTensor($"tensor {i} of {tensorCount}");
        PlaceTensors();
    }

    /// <summary>2 or 3.</summary>
    public int Version { get; private set; }

    /// <summary>Tensors begin at multiples of this, counted from the begin of the data.</summary>
    public int Alignment { get; }

    /// <summary>Where the data begin, from the start of the file.</summary>
    public long DataStart { get; private set; }

    /// <summary>Keys and values.</summary>
    public GgufMetadata Metadata { get; }

    /// <summary>The tensors in the order of the file.</summary>
    public List<GgufTensor> Tensors { get; } = [];

    /// <summary>Reads and checks a header.</summary>
    /// <param name="file">The file.</param>
    /// <param name="part">Its number among the files of a split model, from 0.</param>
    /// <exception cref="CapvecException">The header breaks a rule of the format; the message names file and field.</exception>
    public static GgufHeader Read(RandomFile file, int part) => new(file, part);

    /// <summary>The next multiple of the alignment.</summary>
    public static long Align(long offset, int alignment) => (offset + alignment - 1) & -(long)alignment;

    private (long Tensors, long Values) ReadHead()
    {
        if (_scanner.UInt32("the first four bytes") != 0x46554747)
            throw new CapvecException($"{_file.Path} is not a GGUF file: it does not begin with 'GGUF'.");
        var version = _scanner.UInt32("the version");
        if (version != 0 && (version & 0xFFFF) == 0)
            throw new CapvecException($"{_file.Path} is a big-endian GGUF file; only little-endian files can be read, convert the model again.");
        if (version is not (2 or 3))
            throw new CapvecException($"{_file.Path} is a GGUF file of version {version}; versions 2 and 3 can be read, convert the model again with a present converter.");
        Version = (int)version;
        var tensors = _scanner.Count("the number of tensors", 8 + 4 + 4 + 8);
        return (tensors, _scanner.Count("the number of metadata entries", 8 + 4 + 1));
    }

    private void ReadValue(OrderedDictionary<string, object> values, string where)
    {
        var key = _scanner.Text(where);
        var type = (GgufValueType)_scanner.UInt32($"the type of '{key}'");
        if (!values.TryAdd(key, _scanner.Value(type, $"'{key}'")))
            throw _scanner.Broken($"the key '{key}' occurs twice");
    }

    private int ReadAlignment(OrderedDictionary<string, object> values)
    {
        if (!values.TryGetValue("general.alignment", out var value))
            return DefaultAlignment;
        return value is uint alignment and <= 1 << 30 && BitOperations.IsPow2(alignment)
            ? (int)alignment
            : throw _scanner.Broken($"general.alignment is {value} ({value.GetType().Name}); expected a UInt32 that is a power of two");
    }

    private void ReadTensor(string where)
    {
        var name = _scanner.Text($"the name of {where}");
        if (System.Text.Encoding.UTF8.GetByteCount(name) > MaxNameBytes)
            throw _scanner.Broken($"the name of {where} is longer than {MaxNameBytes} bytes");
        var rank = _scanner.UInt32($"the number of dimensions of '{name}'");
        if (rank > MaxDimensions)
            throw _scanner.Broken($"tensor '{name}' has {rank} dimensions; at most {MaxDimensions} are allowed");
        var dimensions = new long[rank];
        Int128 count = 1;
        for (var axis = 0; axis < dimensions.Length; axis++)
        {
            var size = _scanner.UInt64($"dimension {axis} of '{name}'");
            count *= size;
            if (size is 0 or > long.MaxValue || count > long.MaxValue)
                throw _scanner.Broken($"tensor '{name}' has {size} as dimension {axis}; expected sizes from 1 whose product is below 2^63");
            dimensions[axis] = (long)size;
        }

        var number = _scanner.UInt32($"the type of '{name}'");
        var offset = _scanner.UInt64($"the offset of '{name}'");
        if (number > int.MaxValue || !Enum.IsDefined((GgufType)number))
            throw new CapvecException($"{_file.Path}: tensor '{name}' is of type {number} ({GgufTypes.NameOfOther(number)}), which is not read; convert the model to one of {string.Join(", ", Enum.GetNames<GgufType>())}.");
        var type = (GgufType)number;
        var columns = dimensions.Length == 0 ? 1 : dimensions[0];
        if (columns % type.BlockElements() != 0)
            throw _scanner.Broken($"tensor '{name}' has rows of {columns} elements; rows of {type} are multiples of {type.BlockElements()}");
        var bytes = (Int128)(long)count / type.BlockElements() * type.BlockBytes();
        if (bytes > _file.Length || offset > (ulong)_file.Length)
            throw new CapvecException($"{_file.Path} is truncated: it has {_file.Length} bytes, tensor '{name}' alone has {bytes} from byte {offset} of the data on; download or copy it again.");
        Tensors.Add(new GgufTensor(name, type, dimensions, (long)offset, (long)bytes, _part));
    }

    /// <summary>Checks that the offsets follow one another, and turns them into positions in the file.</summary>
    private void PlaceTensors()
    {
        DataStart = Align(_scanner.Position, Alignment);
        var names = new HashSet<string>(StringComparer.Ordinal);
        var expected = 0L;
        for (var i = 0; i < Tensors.Count; i++)
        {
            var tensor = Tensors[i];
            if (!names.Add(tensor.Name))
                throw _scanner.Broken($"the tensor '{tensor.Name}' occurs twice");
            if (tensor.Offset != expected)
                throw _scanner.Broken($"tensor '{tensor.Name}' has the offset {tensor.Offset}; the one before it ends so that {expected} is next (alignment {Alignment})");
            if (tensor.ByteLength > _file.Length - DataStart - expected)
                throw new CapvecException($"{_file.Path} is truncated: it has {_file.Length} bytes, tensor '{tensor.Name}' ends at {DataStart + (Int128)expected + tensor.ByteLength}; download or copy it again.");
            Tensors[i] = tensor with { Offset = DataStart + expected };
            expected = Align(expected + tensor.ByteLength, Alignment);
        }
    }
}
