using System.Text.Json.Nodes;
using Capvec.Formats.Gguf;

namespace Capvec.Cli.Inspection;

/// <summary>Describes GGUF files, by what their metadata say they are.</summary>
internal static class GgufInspector
{
    /// <summary>A file, or the first one of a split model.</summary>
    public static Finding File(string path, bool hash)
    {
        using var file = GgufFile.Open(path);
        if (GgufLora.IsAdapter(file))
            return AdapterInspector.Gguf(path, hash);
        return file.Metadata.FindString("general.architecture") is "controlvector" ? ControlVector(file) : ModelInspector.Gguf(file, hash);
    }

    private static Finding ControlVector(GgufFile file)
    {
        var rows = new List<string[]> { new[] { "tensor", "type", "shape" } };
        rows.AddRange(file.Tensors.Values.Select(tensor => new[] { tensor.Name, $"{tensor.Type}", tensor.ShapeText }));
        var facts = new List<(string, string)>
        {
            ("made for", file.Metadata.FindString("controlvector.model_hint") ?? "not said"),
            ("tensors", $"{file.Tensors.Count}"),
            ("layers as found", "direction.N is added to the output of the 0-based block N"),
        };
        return new Finding("gguf", "a control vector in a GGUF file", facts, rows, new JsonObject { ["architecture"] = "controlvector", ["tensors"] = file.Tensors.Count });
    }
}
