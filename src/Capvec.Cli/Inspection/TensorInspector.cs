using System.Text.Json.Nodes;
using Capvec.Formats.Safetensors;
using Capvec.Formats.Tensors;
using Capvec.Formats.Torch;

namespace Capvec.Cli.Inspection;

/// <summary>Describes files of tensors. Directions, which have one length a layer, show it.</summary>
internal static class TensorInspector
{
    private const int LargestMeasured = 1 << 20;

    /// <summary>A safetensors file.</summary>
    public static Finding Safetensors(string path)
    {
        using var file = SafetensorsFile.Open(path);
        var tensors = file.Tensors.Values.OrderBy(tensor => tensor.Offset)
            .Select(tensor => (tensor.Name, Type: TypeName(tensor.Dtype), tensor.Shape, Norm: Norm(tensor, file))).ToList();
        var facts = new List<(string, string)>
        {
            ("size", FileFacts.Size(new FileInfo(path).Length)),
            ("sha256", FileFacts.Sha256(path)),
            ("tensors", $"{file.Tensors.Count}, {file.Tensors.Values.Sum(tensor => tensor.Count):N0} numbers"),
        };
        facts.AddRange(file.Metadata.Select(pair => ($"metadata {pair.Key}", pair.Value)));
        var metadata = new JsonObject();
        foreach (var (key, value) in file.Metadata)
            metadata[key] = value;
        return Of("safetensors", "tensors in a safetensors file", facts, tensors, new JsonObject { ["sha256"] = FileFacts.Sha256(path), ["metadata"] = metadata });
    }

    /// <summary>A file written by torch.save.</summary>
    public static Finding Torch(string path)
    {
        var file = TorchFile.Load(path);
        var tensors = new List<(string Name, string Type, long[] Shape, double? Norm)>();
        Collect(file.Root, "", tensors);
        var directions = file.Root is TorchDictionary { Count: > 0 } dictionary && dictionary.All(pair => pair is { Key: long, Value: TorchTensor { Shape.Length: 1 } });
        var facts = new List<(string, string)>
        {
            ("size", FileFacts.Size(new FileInfo(path).Length)),
            ("sha256", FileFacts.Sha256(path)),
            ("read", "by a whitelist; nothing in the file was run"),
            ("tensors", $"{tensors.Count}"),
        };
        return Of("torch", directions ? "directions in a torch file, one a layer (keys are 0-based blocks if Capvec wrote it)" : "a file written by torch.save", facts, tensors, new JsonObject { ["sha256"] = FileFacts.Sha256(path), ["directions"] = directions });
    }

    private static Finding Of(string kind, string title, List<(string, string)> facts, List<(string Name, string Type, long[] Shape, double? Norm)> tensors, JsonObject details)
    {
        var rows = new List<string[]> { new[] { "tensor", "type", "shape", "length" } };
        var list = new JsonArray();
        foreach (var (name, type, shape, norm) in tensors)
        {
            rows.Add([name, type, $"[{string.Join(", ", shape)}]", norm is { } length ? $"{length:G6}" : ""]);
            list.Add(new JsonObject { ["name"] = name, ["dtype"] = type, ["shape"] = new JsonArray([.. shape.Select(size => JsonValue.Create(size))]), ["norm"] = norm is { } value ? Output.JsonLine.Number(value) : null });
        }

        details["tensors"] = list;
        return new Finding(kind, title, facts, rows, details);
    }

    private static void Collect(object? value, string name, List<(string Name, string Type, long[] Shape, double? Norm)> tensors)
    {
        switch (value)
        {
            case TorchTensor tensor:
                var measured = tensor.Shape.Length == 1 && tensor.Count <= LargestMeasured && tensor.Dtype is ElementType.F32 or ElementType.F16 or ElementType.BF16 or ElementType.F64;
                tensors.Add((name, TypeName(tensor.Dtype), tensor.Shape, measured ? Length(tensor.ToFloat32()) : null));
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

    private static double? Norm(SafetensorsTensor tensor, SafetensorsFile file) =>
        tensor.Shape.Length == 1 && tensor.Count <= LargestMeasured && tensor.Dtype is ElementType.F32 or ElementType.F16 or ElementType.BF16 or ElementType.F64
            ? Length(file.ReadFloat32(tensor.Name))
            : null;

    private static double Length(float[] values) => Math.Sqrt(values.Sum(x => (double)x * x));

    private static string TypeName(ElementType type) => type switch
    {
        ElementType.F32 => "float32",
        ElementType.F16 => "float16",
        ElementType.BF16 => "bfloat16",
        ElementType.F64 => "float64",
        ElementType.I64 => "int64",
        ElementType.I32 => "int32",
        _ => type.ToString().ToLowerInvariant(),
    };
}
