using System.Buffers.Binary;
using System.Text;

namespace Capvec.Formats.Gguf;

/// <summary>Writes metadata values as GGUF stores them.</summary>
/// <param name="stream">Receives the bytes.</param>
internal sealed class GgufValueWriter(Stream stream)
{
    private static readonly Dictionary<Type, GgufValueType> Types = new()
    {
        [typeof(byte)] = GgufValueType.UInt8,
        [typeof(sbyte)] = GgufValueType.Int8,
        [typeof(ushort)] = GgufValueType.UInt16,
        [typeof(short)] = GgufValueType.Int16,
        [typeof(uint)] = GgufValueType.UInt32,
        [typeof(int)] = GgufValueType.Int32,
        [typeof(float)] = GgufValueType.Float32,
        [typeof(bool)] = GgufValueType.Bool,
        [typeof(string)] = GgufValueType.String,
        [typeof(ulong)] = GgufValueType.UInt64,
        [typeof(long)] = GgufValueType.Int64,
        [typeof(double)] = GgufValueType.Float64,
    };

    /// <summary>The type in the file of a CLR type.</summary>
    /// <exception cref="ArgumentException">There is none.</exception>
    public static GgufValueType TypeOf(Type type) => Types.TryGetValue(type, out var found)
        ? found
        : throw new ArgumentException($"GGUF metadata hold no {type.Name}; expected a number, a bool, a string or an array of one of these");

    /// <summary>A key, the type of its value, and the value.</summary>
    public void Pair(string key, object value)
    {
        Write(key);
        if (value is not Array items)
        {
            Write((uint)TypeOf(value.GetType()));
            Write(value);
            return;
        }

        Write((uint)GgufValueType.Array);
        Write((uint)TypeOf(items.GetType().GetElementType()!));
        Write((ulong)items.Length);
        foreach (var item in items)
            Write(item);
    }

    /// <summary>A value without its type.</summary>
    public void Write(object value)
    {
        Span<byte> bytes = stackalloc byte[8];
        switch (value)
        {
            case string text:
                var utf8 = Encoding.UTF8.GetBytes(text);
                Write((ulong)utf8.Length);
                stream.Write(utf8);
                return;
            case float number:
                BinaryPrimitives.WriteSingleLittleEndian(bytes, number);
                break;
            case double number:
                BinaryPrimitives.WriteDoubleLittleEndian(bytes, number);
                break;
            case ulong number:
                BinaryPrimitives.WriteUInt64LittleEndian(bytes, number);
                break;
            default:
                BinaryPrimitives.WriteInt64LittleEndian(bytes, Convert.ToInt64(value, System.Globalization.CultureInfo.InvariantCulture));
                break;
        }

        stream.Write(bytes[..Size(value)]);
    }

    private static int Size(object value) => value switch
    {
        byte or sbyte or bool => 1,
        ushort or short => 2,
        uint or int or float => 4,
        _ => 8,
    };
}
