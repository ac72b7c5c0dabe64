using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Capvec.Formats.Torch;

/// <summary>
/// Writes the pickle (protocol 2) of a dictionary of float32 vectors or of one matrix, opcode by opcode as Python's pickler does under torch.save:
/// each new object is remembered with PUT, and names that occur again are fetched with GET.
/// </summary>
internal sealed class TorchPickle
{
    private readonly MemoryStream _out = new();
    private readonly Dictionary<string, uint> _memo = new(StringComparer.Ordinal);
    private uint _next;

    private TorchPickle()
    {
    }

    /// <summary>The pickle of {key: tensor}, in batches of 1000 items as Python makes them. Vector i has the storage i.</summary>
    public static byte[] OfDictionary(IReadOnlyList<KeyValuePair<int, float[]>> vectors)
    {
        var pickle = new TorchPickle();
        pickle.Bytes(0x80, 2);
        pickle.Op('}').Put();
        for (var start = 0; start < vectors.Count; start += 1000)
        {
            var count = Math.Min(1000, vectors.Count - start);
            if (count > 1)
                pickle.Op('(');
            for (var i = start; i < start + count; i++)
                pickle.Int(vectors[i].Key).Vector(i, vectors[i].Value.Length);
            pickle.Op(count > 1 ? 'u' : 's');
        }

        pickle.Op('.');
        return pickle._out.ToArray();
    }

    /// <summary>The pickle of a tensor [rows, columns] over the storage 0.</summary>
    public static byte[] OfMatrix(int rows, int columns)
    {
        var pickle = new TorchPickle();
        pickle.Bytes(0x80, 2);
        pickle.Begin(0, checked(rows * columns));
        pickle.Int(rows).Int(columns).Op('\x86').Put();
        pickle.Int(columns).Int(1).Op('\x86').Put();
        pickle.End();
        pickle.Op('.');
        return pickle._out.ToArray();
    }

    /// <summary><c>torch._utils._rebuild_tensor_v2(storage, 0, (length,), (1,), False, OrderedDict())</c>.</summary>
    private void Vector(int storage, int length)
    {
        Begin(storage, length);
        Int(length).Op('\x85').Put();
        Int(1).Op('\x85').Put();
        End();
    }

    private void Begin(int storage, int count)
    {
        Global("torch._utils", "_rebuild_tensor_v2").Op('(');
        Op('(').String("storage").Global("torch", "FloatStorage").FreshString(storage.ToString(CultureInfo.InvariantCulture)).String("cpu").Int(count).Op('t').Put();
        Op('Q').Int(0);
    }

    private void End()
    {
        Op('\x89').Global("collections", "OrderedDict").Op(')').Op('R').Put();
        Op('t').Put();
        Op('R').Put();
    }

    private TorchPickle Int(int value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        if (value is >= 0 and < 256)
            return Op('K').Raw(bytes[..1]);
        return value is >= 0 and < 65536 ? Op('M').Raw(bytes[..2]) : Op('J').Raw(bytes);
    }

    private TorchPickle Global(string module, string name) =>
        Remembered($"c{module}\n{name}", () => Op('c').Raw(Encoding.UTF8.GetBytes($"{module}\n{name}\n")));

    private TorchPickle String(string text) => Remembered($"s{text}", () => Text(text));

    private TorchPickle FreshString(string text)
    {
        Text(text);
        Put();
        return this;
    }

    private void Text(string text)
    {
        Span<byte> length = stackalloc byte[4];
        var bytes = Encoding.UTF8.GetBytes(text);
        BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
        Op('X').Raw(length).Raw(bytes);
    }

    private TorchPickle Remembered(string key, Action write)
    {
        if (_memo.TryGetValue(key, out var index))
            return Indexed(index, 'h', 'j');
        write();
        _memo[key] = _next;
        Put();
        return this;
    }

    private void Put() => Indexed(_next++, 'q', 'r');

    private TorchPickle Indexed(uint index, char shortOpcode, char longOpcode)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, index);
        return index < 256 ? Op(shortOpcode).Raw(bytes[..1]) : Op(longOpcode).Raw(bytes);
    }

    private TorchPickle Op(char opcode)
    {
        _out.WriteByte((byte)opcode);
        return this;
    }

    private TorchPickle Raw(ReadOnlySpan<byte> bytes)
    {
        _out.Write(bytes);
        return this;
    }

    private void Bytes(params ReadOnlySpan<byte> bytes) => _out.Write(bytes);
}
