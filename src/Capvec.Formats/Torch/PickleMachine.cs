using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace Capvec.Formats.Torch;

/// <summary>
/// A pickle machine that can only build data: numbers, strings, lists, tuples, dictionaries, and what <see cref="TorchGlobals"/> makes of
/// whitelisted names. Any other opcode or name ends the reading. Opcodes of protocol 2, and the five of protocol 4 that torch.save uses.
/// </summary>
/// <param name="pickle">The pickle's bytes.</param>
/// <param name="loadStorage">Finds a storage: class, key, number of elements (of bytes when untyped).</param>
internal sealed class PickleMachine(byte[] pickle, Func<PickleSymbol, string, long, PickleStorage> loadStorage)
{
    private const int MaxPushes = 10_000_000;
    private const int MaxMarks = 256;

    private readonly List<object?> _stack = [];
    private readonly Stack<int> _marks = new();
    private readonly Dictionary<uint, object?> _memo = [];
    private int _at;
    private int _pushes;

    /// <summary>Where the next pickle of the same stream would begin, after a run.</summary>
    public int Position => _at;

    /// <summary>Runs one pickle from <paramref name="start"/> on, to its STOP.</summary>
    /// <returns>The object that was pickled; containers may be shared or contain themselves, see <see cref="PickleGraph"/>.</returns>
    /// <exception cref="PickleFailure">The pickle is broken or asks for something outside the whitelist.</exception>
    public object? Run(int start = 0)
    {
        _at = start;
        _stack.Clear();
        _marks.Clear();
        _memo.Clear();
        while (true)
        {
            var opcode = Byte();
            if (opcode == (byte)'.')
                return _stack is [var result] && _marks.Count == 0 ? result : throw new PickleFailure($"its pickle ends with {_stack.Count} objects instead of 1");
            Step(opcode);
        }
    }

    private void Step(byte opcode)
    {
        switch (opcode)
        {
            case 0x80:
                var protocol = Byte();
                if (protocol > 5)
                    throw new PickleFailure($"its pickle is of protocol {protocol}; save with torch.save's default, protocol 2");
                break;
            case (byte)'c':
                Push(TorchGlobals.Resolve(Line(), Line()));
                break;
            case 0x93:
                var name = Pop() as string;
                Push(TorchGlobals.Resolve(Pop() as string ?? throw Broken("STACK_GLOBAL"), name ?? throw Broken("STACK_GLOBAL")));
                break;
            case (byte)'R' or 0x81:
                Call(opcode);
                break;
            case (byte)'b':
                var state = Pop();
                if (Peek() is TorchRecord record)
                    record.Fields = state as TorchDictionary ?? throw Broken("a record whose fields are not a dictionary");
                else if (Peek() is not TorchDictionary)
                    throw new PickleFailure("its pickle sets the state of an object that is not a dictionary; nothing of it was run", isForbiddenGlobal: true);
                break;
            case (byte)'Q':
                Push(Storage(Pop()));
                break;
            case (byte)'(':
                if (_marks.Count >= MaxMarks)
                    throw new PickleFailure($"its pickle is nested deeper than {MaxMarks}");
                _marks.Push(_stack.Count);
                break;
            case (byte)'a' or (byte)'e' or (byte)'s' or (byte)'u':
                Fill(opcode);
                break;
            case (byte)'t':
                Push(new TorchSequence(true, PopToMark()));
                break;
            case 0x85 or 0x86 or 0x87:
                Push(new TorchSequence(true, PopMany(opcode - 0x84)));
                break;
            case (byte)')':
                Push(new TorchSequence(true, []));
                break;
            case (byte)']':
                Push(new TorchSequence(false, []));
                break;
            case (byte)'}':
                Push(new TorchDictionary());
                break;
            case (byte)'q' or (byte)'r' or 0x94:
                if (_memo.Count >= MaxPushes)
                    throw new PickleFailure("its pickle remembers too many objects");
                _memo[opcode == (byte)'q' ? Byte() : opcode == (byte)'r' ? UInt32() : (uint)_memo.Count] = Peek();
                break;
            case (byte)'h' or (byte)'j':
                Push(_memo.TryGetValue(opcode == (byte)'h' ? Byte() : UInt32(), out var remembered) ? remembered : throw Broken("GET of something never put"));
                break;
            case 0x95:
                Take(8);
                break;
            default:
                Push(Literal(opcode));
                break;
        }
    }

    private object? Literal(byte opcode) => opcode switch
    {
        (byte)'N' => null,
        0x88 => true,
        0x89 => false,
        (byte)'J' => (long)BinaryPrimitives.ReadInt32LittleEndian(Take(4)),
        (byte)'K' => (long)Byte(),
        (byte)'M' => (long)BinaryPrimitives.ReadUInt16LittleEndian(Take(2)),
        0x8A => Long(new BigInteger(Take(Byte()))),
        (byte)'G' => BinaryPrimitives.ReadDoubleBigEndian(Take(8)),
        (byte)'X' => Text(UInt32()),
        0x8C => Text(Byte()),
        0x8D => Text(BinaryPrimitives.ReadUInt64LittleEndian(Take(8))),
        (byte)'U' => Encoding.Latin1.GetString(Take(Byte())),
        0x8F => throw new PickleFailure("it holds a set; only dictionaries, lists, tuples, tensors, numbers and strings can be read"),
        _ => throw new PickleFailure($"its pickle has the opcode 0x{opcode:X2} at byte {_at - 1}, which is not among those that torch.save writes for tensors; nothing of it was run"),
    };

    private void Call(byte opcode)
    {
        if (Pop() is not TorchSequence { IsTuple: true } args)
            throw Broken("a call without a tuple of arguments");
        var callee = Pop();
        if (callee is not PickleSymbol symbol || (opcode == 0x81 && symbol is not { Module: "collections", Name: "OrderedDict" } && !TorchGlobals.IsRecord(symbol)))
            throw new PickleFailure($"its pickle calls something that is not on the whitelist ({Kind(callee)}); nothing of it was run", isForbiddenGlobal: true);
        Push(TorchGlobals.Call(symbol, args.Items));
    }

    private PickleStorage Storage(object? id) => id is TorchSequence { IsTuple: true, Items: ["storage", PickleSymbol type, string key, string, long count] } && count >= 0
        ? loadStorage(type, key, count)
        : throw Broken("a persistent id that does not name a storage");

    private void Fill(byte opcode)
    {
        var items = opcode switch
        {
            (byte)'a' => PopMany(1),
            (byte)'s' => PopMany(2),
            _ => PopToMark(),
        };
        if (opcode is (byte)'a' or (byte)'e')
        {
            if (Peek() is not TorchSequence { IsTuple: false } list)
                throw Broken("APPEND to something that is not a list");
            list.Items.AddRange(items);
            return;
        }

        if (Peek() is not TorchDictionary dictionary || items.Count % 2 != 0)
            throw Broken("SETITEM on something that is not a dictionary");
        for (var i = 0; i < items.Count; i += 2)
            dictionary[items[i] is long or string ? items[i]! : throw new PickleFailure($"a dictionary has {Kind(items[i])} as a key; expected a whole number or a string")] = items[i + 1];
    }

    private void Push(object? value)
    {
        if (++_pushes > MaxPushes)
            throw new PickleFailure($"its pickle makes more than {MaxPushes} objects");
        _stack.Add(value);
    }

    private object? Pop()
    {
        var value = Peek();
        _stack.RemoveAt(_stack.Count - 1);
        return value;
    }

    private object? Peek() => _stack.Count > (_marks.Count == 0 ? 0 : _marks.Peek()) ? _stack[^1] : throw Broken("an empty stack");

    private List<object?> PopToMark()
    {
        if (_marks.Count == 0)
            throw Broken("a missing MARK");
        return PopMany(_stack.Count - _marks.Pop());
    }

    private List<object?> PopMany(int count)
    {
        if (_stack.Count - (_marks.Count == 0 ? 0 : _marks.Peek()) < count)
            throw Broken("an empty stack");
        var items = _stack.GetRange(_stack.Count - count, count);
        _stack.RemoveRange(_stack.Count - count, count);
        return items;
    }

    private byte Byte() => _at < pickle.Length ? pickle[_at++] : throw Broken("no STOP");

    private ReadOnlySpan<byte> Take(int count)
    {
        if (pickle.Length - _at < count)
            throw Broken("no STOP");
        _at += count;
        return pickle.AsSpan(_at - count, count);
    }

    private uint UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    private string Text(ulong length)
    {
        if (length > (ulong)(pickle.Length - _at))
            throw Broken("a string that goes on beyond the end");
        return Encoding.UTF8.GetString(Take((int)length));
    }

    private string Line()
    {
        var length = pickle.AsSpan(_at).IndexOf((byte)'\n');
        if (length is < 0 or > 1000)
            throw Broken("a name without an end");
        var text = Encoding.UTF8.GetString(Take(length));
        _at++;
        return text;
    }

    private static object Long(BigInteger value) => value >= long.MinValue && value <= long.MaxValue ? (object)(long)value : value;

    private static string Kind(object? value) => value switch
    {
        null => "None",
        PickleSymbol symbol => symbol.ToString(),
        TorchSequence { IsTuple: true } => "a tuple",
        TorchSequence => "a list",
        TorchDictionary => "a dictionary",
        TorchTensor => "a tensor",
        _ => $"a {value.GetType().Name}",
    };

    private PickleFailure Broken(string what) => new($"its pickle is broken at byte {_at}: {what}");
}
