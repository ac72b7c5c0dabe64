using System.Text.Json.Nodes;
using Capvec.Engine.Loading;
using Capvec.Formats.Errors;
using Capvec.Formats.Safetensors;

namespace Capvec.Engine.Baking;

/// <summary>
/// Writes a direction's ablation into the weights of a checkpoint: with every matrix that writes into the residual stream orthogonal to the direction, the stream never
/// has a component along it, which is what ablation at the embedding and at every mixer and MLP output does at run time. Formula after Arditi et al. 2024,
/// "Refusal in language models is mediated by a single direction": <c>W' = W - u u^T W</c>.
/// </summary>
public static class WeightBaker
{
    private const string HeadFile = "model-head.safetensors";
    private const string HeadName = "lm_head.weight";
    private static readonly string[] OutputMatrices = [".o_proj.weight", ".out_proj.weight", ".down_proj.weight"];
    private static readonly string[] KeptFiles = [".json", ".jinja", ".txt", ".model"];

    /// <summary>Writes a copy of a checkpoint with one direction taken out of the embedding and of every block's outputs, in the checkpoint's own number formats.</summary>
    /// <param name="model">The model, loaded from a Hugging Face folder.</param>
    /// <param name="direction">[hidden], of any length.</param>
    /// <param name="target">Folder to be made; it must not hold anything.</param>
    /// <param name="keepTied">
    /// Of models whose output matrix is the embedding: true leaves them tied, so that logits read the edited embedding; false writes the old embedding as an output matrix of its own, which gives
    /// run-time ablation's logits.
    /// </param>
    /// <exception cref="CapvecException">The model is not a folder of safetensors, the direction does not fit, the target holds something, or a block has no output that is known.</exception>
    public static BakedModel Ablate(LanguageModel model, ReadOnlySpan<float> direction, string target, bool keepTied = false)
    {
        if (direction.Length != model.Hidden)
            throw new CapvecException($"the direction has {direction.Length} numbers, but the model's residual stream is {model.Hidden} wide; it was made for another model.");
        if (!Directory.Exists(model.Folder))
            throw new CapvecException($"{model.Folder} is a single file; weights are baked into Hugging Face folders with safetensors only.");
        if (Directory.Exists(target) && Directory.EnumerateFileSystemEntries(target).Any())
            throw new CapvecException($"{target} holds files already; name a new folder.");
        var unit = Unit(direction);
        using var source = SafetensorsFolder.Open(model.Folder);
        var edited = source.Tensors.Keys.Where(name => !CheckpointNames.IsSkipped(name) && Writes(name)).Order(StringComparer.Ordinal).ToList();
        var embedding = edited.SingleOrDefault(IsEmbedding) ?? throw new CapvecException($"{model.Folder} has no embedding called embed_tokens.weight; baking does not know this layout.");
        if (edited.Count != 1 + (2 * model.Layers))
            throw new CapvecException($"{model.Folder} has {edited.Count - 1} matrices that write into the residual stream; a mixer's and an MLP's in each of {model.Layers} blocks were expected, so baking would leave some out.");

        Directory.CreateDirectory(target);
        foreach (var file in Directory.EnumerateFiles(model.Folder).Where(f => KeptFiles.Contains(Path.GetExtension(f))))
            File.Copy(file, Path.Combine(target, Path.GetFileName(file)));
        var unties = !keepTied && !source.Tensors.Keys.Any(n => n.EndsWith(HeadName, StringComparison.Ordinal));
        var files = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var path in source.Files)
        {
            // A folder with an index has no model.safetensors: other readers would take that one file for the whole model.
            var name = unties && Path.GetFileName(path) == "model.safetensors" ? "model-body.safetensors" : Path.GetFileName(path);
            CopyEdited(path, Path.Combine(target, name), edited, unit);
            using var shard = SafetensorsFile.Open(path);
            foreach (var tensor in source.Tensors.Keys.Where(shard.Tensors.ContainsKey))
                files[tensor] = name;
        }

        if (unties)
            Untie(source, embedding, files, target);
        return new BakedModel(target, edited, unties);
    }

    private static bool IsEmbedding(string name) => name.EndsWith("embed_tokens.weight", StringComparison.Ordinal);

    private static bool Writes(string name) => IsEmbedding(name) || OutputMatrices.Any(o => name.EndsWith(o, StringComparison.Ordinal));

    private static void CopyEdited(string from, string to, List<string> edited, double[] unit)
    {
        File.Copy(from, to);
        using var source = SafetensorsFile.Open(from);
        using var target = new FileStream(to, FileMode.Open, FileAccess.Write);
        foreach (var tensor in edited.Where(source.Tensors.ContainsKey).Select(source.Find))
        {
            var values = source.ReadFloat32(tensor.Name);
            if (IsEmbedding(tensor.Name))
                Orthogonalisation.Rows(values, unit);
            else
                Orthogonalisation.Columns(values, unit);
            target.Position = tensor.Offset;
            target.Write(Orthogonalisation.Bytes(values, tensor));
        }
    }

    // The head as a shard of its own, an index that lists it, and a config.json that says so.
    private static void Untie(SafetensorsFolder source, string embedding, Dictionary<string, string> files, string target)
    {
        var tensor = source.Find(embedding);
        var bytes = new byte[tensor.ByteLength];
        source.ReadRaw(embedding, bytes);
        Orthogonalisation.WriteOne(Path.Combine(target, HeadFile), HeadName, tensor, bytes);
        files[HeadName] = HeadFile;
        var size = source.Tensors.Values.Sum(t => t.ByteLength) + tensor.ByteLength;
        var index = new JsonObject
        {
            ["metadata"] = new JsonObject { ["total_size"] = size },
            ["weight_map"] = new JsonObject(files.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => KeyValuePair.Create(p.Key, (JsonNode?)p.Value))),
        };
        File.WriteAllText(Path.Combine(target, SafetensorsIndex.FileName), index.ToJsonString());
        var path = Path.Combine(target, "config.json");
        var config = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        config["tie_word_embeddings"] = false;
        if (config["text_config"] is JsonObject text)
            text["tie_word_embeddings"] = false;
        File.WriteAllText(path, config.ToJsonString(new() { WriteIndented = true }));
    }

    private static double[] Unit(ReadOnlySpan<float> direction)
    {
        double[] unit = [.. direction.ToArray().Select(x => (double)x)];
        var length = Math.Sqrt(unit.Sum(x => x * x));
        if (!double.IsFinite(length) || length == 0)
            throw new CapvecException($"the direction has length {length:G4}; a direction needs finite numbers that are not all zero.");
        return [.. unit.Select(x => x / length)];
    }
}
