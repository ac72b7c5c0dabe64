using System.Text.Json.Nodes;
using Capvec.Formats.Numpy;
using Capvec.Formats.Safetensors;
using Capvec.Formats.Tensors;
using Capvec.Formats.Torch;

namespace Capvec.Cli.Inspection;

/// <summary>Describes files of tensors by their headers.</summary>
internal static class TensorInspector
{
    private const int LongestMetadata = 200;

    /// <summary>A safetensors file.</summary>
    public static Finding Safetensors(string path, bool hash)
    {
        using var file = SafetensorsFile.Open(path);
        var facts = new List<(string, string)>();
        facts.AddRange(file.Metadata.Select(pair => ($"metadata {pair.Key}", pair.Value.Length <= LongestMetadata ? pair.Value : $"{pair.Value[..LongestMetadata]}... ({pair.Value.Length:N0} characters)")));
        var metadata = new JsonObject();
        foreach (var (key, value) in file.Metadata)
            metadata[key] = value;
        return Of("safetensors", "tensors in a safetensors file", path, hash, facts, file.Tensors.Values.OrderBy(tensor => tensor.Offset).Select(tensor => (tensor.Name, tensor.Dtype, tensor.Shape)), new JsonObject { ["metadata"] = metadata });
    }

    /// <summary>A file written by torch.save that holds no directions.</summary>
    public static Finding Torch(string path, bool hash)
    {
        var tensors = new List<(string, ElementType, long[])>();
        Collect(TorchFile.Load(path).Root, "", tensors);
        return Of("torch", "a file written by torch.save", path, hash, [("read", "by a whitelist; nothing in the file was run")], tensors, new JsonObject { ["directions"] = false });
    }

    /// <summary>A file written by numpy.save.</summary>
    public static Finding Npy(string path, bool hash)
    {
        var info = NpyFile.Describe(path);
        return Of("numpy", "an array written by numpy.save", path, hash, Order([info]), [("", info.Dtype, info.Shape)], []);
    }

    /// <summary>An archive written by numpy.savez.</summary>
    public static Finding Npz(string path, bool hash)
    {
        using var file = NpzFile.Open(path);
        var arrays = file.Names.Select(name => (Name: name, Info: file.Describe(name))).ToList();
        return Of("numpy", "arrays written by numpy.savez", path, hash, Order(arrays.Select(array => array.Info)), arrays.Select(array => (array.Name, array.Info.Dtype, array.Info.Shape)), []);
    }

    /// <summary>What files call an element type.</summary>
    public static string TypeName(ElementType type) => type switch
    {
        ElementType.F32 => "float32",
        ElementType.F16 => "float16",
        ElementType.BF16 => "bfloat16",
        ElementType.F64 => "float64",
        ElementType.I64 => "int64",
        ElementType.I32 => "int32",
        _ => type.ToString().ToLowerInvariant(),
    };

    private static List<(string, string)> Order(IEnumerable<NumpyInfo> arrays) => arrays.Any(array => array.IsFortran) ? [("order", "Fortran; it is read as row major")] : [];

    private static Finding Of(string kind, string title, string path, bool hash, IEnumerable<(string, string)> more, IEnumerable<(string Name, ElementType Type, long[] Shape)> tensors, JsonObject details)
    {
        var rows = new List<string[]> { new[] { "tensor", "type", "shape" } };
        var list = new JsonArray();
        var numbers = 0L;
        foreach (var (name, type, shape) in tensors)
        {
            rows.Add([name, TypeName(type), $"[{string.Join(", ", shape)}]"]);
            list.Add(new JsonObject { ["name"] = name, ["dtype"] = TypeName(type), ["shape"] = new JsonArray([.. shape.Select(size => JsonValue.Create(size))]) });
            numbers += shape.Aggregate(1L, (product, size) => product * size);
        }

        var facts = new List<(string, string)> { ("size", FileFacts.Size(new FileInfo(path).Length)), ("tensors", $"{list.Count}, {numbers:N0} numbers") };
        if (hash)
        {
            var sha = FileFacts.Sha256(path);
            facts.Add(("sha256", sha));
            details["sha256"] = sha;
        }

        facts.AddRange(more);
        details["tensors"] = list;
        return new Finding(kind, title, facts, rows, details);
    }

    private static void Collect(object? value, string name, List<(string, ElementType, long[])> tensors)
    {
        switch (value)
        {
            case TorchTensor tensor:
                tensors.Add((name, tensor.Dtype, tensor.Shape));
                break;
            case TorchDictionary dictionary:
                foreach (var (key, one) in dictionary)
                    Collect(one, name.Length == 0 ? $"{key}" : $"{name}.{key}", tensors);
                break;
            case TorchRecord record:
                Collect(record.Fields, name, tensors);
                break;
            case TorchSequence sequence:
                for (var i = 0; i < sequence.Items.Count; i++)
                    Collect(sequence.Items[i], name.Length == 0 ? $"{i}" : $"{name}.{i}", tensors);
                break;
        }
    }
}
