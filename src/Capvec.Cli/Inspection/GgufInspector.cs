using System.Text.Json.Nodes;
using Capvec.Formats.Errors;
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
        return IsControlVector(file) ? ControlVector(file, hash) : ModelInspector.Gguf(file, hash);
    }

    // llama.cpp looks at the tensors' names alone.
    private static bool IsControlVector(GgufFile file) => file.Metadata.FindString("general.architecture") is "controlvector"
        || (file.Tensors.Count > 0 && file.Tensors.Keys.All(name => name.StartsWith("direction.", StringComparison.Ordinal)));

    private static Finding ControlVector(GgufFile file, bool hash)
    {
        try
        {
            return DirectionInspector.Find(file.Path, hash)!;
        }
        catch (CapvecException e)
        {
            var rows = new List<string[]> { new[] { "tensor", "type", "shape" } };
            rows.AddRange(file.Tensors.Values.Select(tensor => new[] { tensor.Name, $"{tensor.Type}", tensor.ShapeText }));
            return new Finding("gguf", "a control vector in a GGUF file that cannot be used", [("not supported", e.Message)], rows, new JsonObject { ["supported"] = false, ["reason"] = e.Message, ["tensors"] = file.Tensors.Count });
        }
    }
}
