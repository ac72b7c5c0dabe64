using Capvec.Formats.Tensors;

namespace Capvec.Formats.Torch;

/// <summary>
/// The whitelist: every global that a pickle may name, and what calling it makes. All of them build data; none can be made to do anything else.
/// The list is that of tensors and plain containers in <c>torch.load(weights_only=True)</c>.
/// </summary>
internal static class TorchGlobals
{
    private static readonly Dictionary<string, ElementType> Dtypes = new(StringComparer.Ordinal)
    {
        ["float32"] = ElementType.F32,
        ["float64"] = ElementType.F64,
        ["float16"] = ElementType.F16,
        ["bfloat16"] = ElementType.BF16,
        ["int64"] = ElementType.I64,
        ["int32"] = ElementType.I32,
        ["int16"] = ElementType.I16,
        ["int8"] = ElementType.I8,
        ["uint8"] = ElementType.U8,
        ["uint16"] = ElementType.U16,
        ["uint32"] = ElementType.U32,
        ["uint64"] = ElementType.U64,
        ["bool"] = ElementType.Bool,
        ["float8_e4m3fn"] = ElementType.F8E4M3,
        ["float8_e5m2"] = ElementType.F8E5M2,
    };

    private static readonly Dictionary<string, ElementType?> Storages = new(StringComparer.Ordinal)
    {
        ["torch.FloatStorage"] = ElementType.F32,
        ["torch.DoubleStorage"] = ElementType.F64,
        ["torch.HalfStorage"] = ElementType.F16,
        ["torch.BFloat16Storage"] = ElementType.BF16,
        ["torch.LongStorage"] = ElementType.I64,
        ["torch.IntStorage"] = ElementType.I32,
        ["torch.ShortStorage"] = ElementType.I16,
        ["torch.CharStorage"] = ElementType.I8,
        ["torch.ByteStorage"] = ElementType.U8,
        ["torch.BoolStorage"] = ElementType.Bool,
        ["torch.storage.UntypedStorage"] = null,
    };

    private static readonly HashSet<string> Calls = new(StringComparer.Ordinal)
    {
        "collections.OrderedDict", "torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_tensor_v3",
        "torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state", "torch.Size", "torch.device", "_codecs.encode",
    };

    /// <summary>Classes of other tools that are nothing but named fields; they become a <see cref="TorchRecord"/> and no code of theirs is known here.</summary>
    private static readonly HashSet<string> Records = new(StringComparer.Ordinal) { "steering_vectors.steering_vector.SteeringVector" };

    /// <summary>Whether a symbol names a class of fields.</summary>
    public static bool IsRecord(PickleSymbol symbol) => Records.Contains(symbol.ToString());

    /// <summary>What a global pushes: a dtype as a value, a whitelisted symbol, or a refusal that names it.</summary>
    public static object Resolve(string module, string name)
    {
        var symbol = new PickleSymbol(module, name);
        if (module == "torch" && Dtypes.ContainsKey(name))
            return new TorchDtype(name);
        if (Calls.Contains(symbol.ToString()) || Storages.ContainsKey(symbol.ToString()) || IsRecord(symbol))
            return symbol;
        if (module == "torch" && (name.StartsWith("float8", StringComparison.Ordinal) || name.StartsWith("complex", StringComparison.Ordinal)))
            throw new PickleFailure($"it holds tensors of {symbol}, which cannot be read; convert them to float32", isForbiddenGlobal: true);
        throw new PickleFailure($"its pickle names {symbol}, which is not among the few names that tensors and plain containers need; nothing of it was run", isForbiddenGlobal: true);
    }

    /// <summary>Carries out a call of a whitelisted symbol.</summary>
    public static object? Call(PickleSymbol callee, List<object?> args)
    {
        switch (callee.ToString())
        {
            case "collections.OrderedDict" when args.Count == 0:
                return new TorchDictionary();
            case var name when IsRecord(callee) && args.Count == 0:
                return new TorchRecord(name);
            case "torch.Size" when args is [TorchSequence { IsTuple: true } sizes]:
                return new TorchSequence(true, [.. Longs(sizes, callee).Cast<object?>()]);
            case "torch.device" when args is [string] or [string, long]:
                return args is [string kind, long index] ? $"{kind}:{index}" : args[0];
            case "_codecs.encode" when args is [string text, "latin1" or "latin-1"] && text.All(c => c < 256):
                return System.Text.Encoding.Latin1.GetBytes(text);
            case "torch._utils._rebuild_parameter" when args is [TorchTensor, bool, TorchDictionary]:
            case "torch._utils._rebuild_parameter_with_state" when args is [TorchTensor, bool, TorchDictionary, _]:
                return args[0];
            case "torch._utils._rebuild_tensor" when args is [PickleStorage, long, TorchSequence, TorchSequence]:
            case "torch._utils._rebuild_tensor_v2" when args is [PickleStorage, long, TorchSequence, TorchSequence, bool, TorchDictionary { Count: 0 }, ..] && NoMetadata(args, 6):
                return Rebuild(callee, args, null);
            case "torch._utils._rebuild_tensor_v3" when args is [PickleStorage, long, TorchSequence, TorchSequence, bool, TorchDictionary { Count: 0 }, TorchDtype, ..] && NoMetadata(args, 7):
                return Rebuild(callee, args, Dtypes[((TorchDtype)args[6]!).Name]);
            default:
                throw new PickleFailure($"its pickle calls {callee} with {args.Count} arguments that are not what torch.save writes; nothing of it was run", isForbiddenGlobal: true);
        }
    }

    /// <summary>The element type of a storage class; null for untyped bytes.</summary>
    public static ElementType? StorageType(PickleSymbol storage) => Storages.TryGetValue(storage.ToString(), out var type)
        ? type
        : throw new PickleFailure($"{storage} stands where a storage class is expected");

    private static bool NoMetadata(List<object?> args, int at) => args.Count == at || (args.Count == at + 1 && args[at] is null or TorchDictionary { Count: 0 });

    private static TorchTensor Rebuild(PickleSymbol callee, List<object?> args, ElementType? dtype)
    {
        var storage = (PickleStorage)args[0]!;
        var type = dtype ?? storage.Type ?? throw new PickleFailure($"{callee} is given an untyped storage");
        if (storage.Type is { } stored && stored != type)
            throw new PickleFailure($"a tensor of {type} lies over a storage of {stored}");
        var offset = (long)args[1]!;
        long[] shape = Longs((TorchSequence)args[2]!, callee), strides = Longs((TorchSequence)args[3]!, callee);
        if (shape.Length != strides.Length || shape.Length > 64 || offset < 0 || shape.Any(s => s < 0) || strides.Any(s => s < 0))
            throw new PickleFailure($"a tensor has shape [{string.Join(", ", shape)}], strides [{string.Join(", ", strides)}] and offset {offset}; expected as many strides as sizes and nothing negative");
        var size = type.Size();
        Int128 count = 1, last = offset;
        for (var axis = 0; axis < shape.Length; axis++)
        {
            count *= shape[axis];
            last += (Int128)Math.Max(shape[axis] - 1, 0) * strides[axis];
            if (count > long.MaxValue || last > long.MaxValue)
                throw new PickleFailure($"a tensor of shape [{string.Join(", ", shape)}] has more than 2^63 elements");
        }

        if (count > 0 && last >= storage.Bytes.Length / size)
            throw new PickleFailure($"a tensor of shape [{string.Join(", ", shape)}], strides [{string.Join(", ", strides)}] and offset {offset} leaves its storage '{storage.Key}' of {storage.Bytes.Length / size} elements");
        if (!TorchTensor.IsReadable((long)count, size, storage.Bytes.Length))
            throw new PickleFailure($"a tensor of shape [{string.Join(", ", shape)}] is too large to be read, over a storage of {storage.Bytes.Length} bytes");
        return new TorchTensor(type, storage.Bytes, offset, shape, strides);
    }

    private static long[] Longs(TorchSequence sequence, PickleSymbol callee) => sequence.Items.All(x => x is long)
        ? [.. sequence.Items.Cast<long>()]
        : throw new PickleFailure($"{callee} is given sizes that are not whole numbers ({string.Join(", ", sequence.Items)})");
}
