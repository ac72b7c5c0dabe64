using System.Text.Json;
using Capvec.Formats.Errors;
using Capvec.Formats.Tensors;

namespace Capvec.Formats.Safetensors;

/// <summary>
/// Parses and checks the JSON header of a safetensors file. What holds afterwards: names are unique, every tensor's bytes are exactly
/// its shape times its element size, and the tensors tile the data area from its begin to the end of the file without overlap or hole.
/// </summary>
internal sealed class SafetensorsHeader
{
    /// <summary>Headers beyond this are refused, as other readers do.</summary>
    public const long MaxLength = 100_000_000;

    private readonly string _path;
    private readonly long _dataStart;

    private SafetensorsHeader(string path, long dataStart) => (_path, _dataStart) = (path, dataStart);

    /// <summary>The tensors by name, in header order.</summary>
    public Dictionary<string, SafetensorsTensor> Tensors { get; } = new(StringComparer.Ordinal);

    /// <summary>The string map under <c>__metadata__</c>; empty when absent.</summary>
    public Dictionary<string, string> Metadata { get; } = new(StringComparer.Ordinal);

    /// <summary>Parses the JSON bytes of a header.</summary>
    /// <param name="path">The file, for messages.</param>
    /// <param name="json">The header's bytes, after the 8 bytes of length.</param>
    /// <param name="fileLength">Length of the whole file.</param>
    /// <exception cref="CapvecException">The header breaks a rule of the format; the message names file and field.</exception>
    public static SafetensorsHeader Parse(string path, ReadOnlySpan<byte> json, long fileLength)
    {
        var header = new SafetensorsHeader(path, 8 + json.Length);
        if (json.IsEmpty || json[0] != (byte)'{')
            throw new CapvecException($"{path}: the header does not begin with '{{', so this is not a safetensors file.");
        try
        {
            var reader = new Utf8JsonReader(json);
            reader.Read();
            header.ReadRoot(ref reader);
            while (reader.Read())
            {
                // Only white space may follow; the reader throws on anything else.
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new CapvecException($"{path}: the header is not valid JSON in UTF-8; the file is damaged or not a safetensors file, download it again.", e);
        }

        header.CheckTiling(fileLength);
        return header;
    }

    private void ReadRoot(ref Utf8JsonReader reader)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            if (!seen.Add(name))
                throw Broken($"the name '{name}' occurs twice");
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject)
                throw Broken($"'{name}' is not an object");
            if (name == "__metadata__")
                ReadMetadata(ref reader);
            else
                Tensors.Add(name, ReadTensor(ref reader, name));
        }
    }

    private void ReadMetadata(ref Utf8JsonReader reader)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var key = reader.GetString()!;
            reader.Read();
            if (reader.TokenType != JsonTokenType.String)
                throw Broken($"__metadata__ '{key}' is not a string");
            if (!Metadata.TryAdd(key, reader.GetString()!))
                throw Broken($"__metadata__ '{key}' occurs twice");
        }
    }

    private SafetensorsTensor ReadTensor(ref Utf8JsonReader reader, string name)
    {
        string? dtype = null;
        List<long>? shape = null, offsets = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var field = reader.GetString()!;
            reader.Read();
            switch (field)
            {
                case "dtype" when dtype is null && reader.TokenType == JsonTokenType.String:
                    dtype = reader.GetString();
                    break;
                case "shape" when shape is null:
                    shape = ReadNumbers(ref reader, name, field);
                    break;
                case "data_offsets" when offsets is null:
                    offsets = ReadNumbers(ref reader, name, field);
                    break;
                case "dtype" or "shape" or "data_offsets":
                    throw Broken($"tensor '{name}' has {field} twice or of the wrong kind");
                default:
                    throw Broken($"tensor '{name}' has an unknown field '{field}'; expected dtype, shape and data_offsets");
            }
        }

        if (dtype is null || shape is null || offsets is null)
            throw Broken($"tensor '{name}' lacks {(dtype is null ? "dtype" : shape is null ? "shape" : "data_offsets")}");
        if (offsets.Count != 2 || offsets[0] > offsets[1])
            throw Broken($"tensor '{name}' has data_offsets [{string.Join(", ", offsets)}]; expected begin and end with begin <= end");
        if (!SafetensorsNames.TryParse(dtype, out var type))
            throw Broken($"tensor '{name}' has the dtype '{dtype}', which is not known; known are {SafetensorsNames.Known}");
        var length = offsets[1] - offsets[0];
        if (ByteLength(shape, type) is not { } wanted || wanted != length)
            throw Broken($"tensor '{name}' has {length} bytes, but {dtype} of shape [{string.Join(", ", shape)}] takes {ByteLength(shape, type)?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "more than 2^63"}");
        if (offsets[0] > long.MaxValue - _dataStart)
            throw Broken($"tensor '{name}' begins beyond any file, at {offsets[0]}");
        return new SafetensorsTensor(name, type, [.. shape], _dataStart + offsets[0], length);
    }

    private List<long> ReadNumbers(ref Utf8JsonReader reader, string name, string field)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
            throw Broken($"tensor '{name}': {field} is not a list");
        var numbers = new List<long>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out var number) || number < 0)
                throw Broken($"tensor '{name}': {field} holds something that is not a whole number from 0");
            numbers.Add(number);
        }

        return numbers;
    }

    private static long? ByteLength(List<long> shape, ElementType type)
    {
        if (shape.Contains(0))
            return 0;
        long bytes = type.Size();
        foreach (var size in shape)
        {
            if (bytes > long.MaxValue / size)
                return null;
            bytes *= size;
        }

        return bytes;
    }

    private void CheckTiling(long fileLength)
    {
        var at = _dataStart;
        SafetensorsTensor? last = null;
        var ordered = Tensors.Values.OrderBy(t => t.Offset).ThenBy(t => t.ByteLength).ToList();
        foreach (var tensor in ordered)
        {
            if (tensor.Offset != at)
            {
                throw Broken(tensor.Offset < at
                    ? $"tensors '{last!.Name}' and '{tensor.Name}' overlap"
                    : $"{tensor.Offset - at} bytes before tensor '{tensor.Name}' belong to no tensor");
            }

            at = checked(at + Math.Min(tensor.ByteLength, long.MaxValue - at));
            last = tensor;
        }

        if (at > fileLength)
        {
            var cut = ordered.First(t => t.Offset + t.ByteLength > fileLength || t.Offset > fileLength);
            throw new CapvecException($"{_path} is truncated: it has {fileLength} bytes, its header describes {at} (the first tensor that is cut is '{cut.Name}'); download or copy it again.");
        }

        if (at < fileLength)
            throw Broken($"{fileLength - at} bytes at the end belong to no tensor");
    }

    private CapvecException Broken(string what) => new($"{_path}: broken safetensors header: {what}; download or write the file again.");
}
