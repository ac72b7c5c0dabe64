using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Capvec.Engine.Loading;
using Capvec.Formats.Errors;
using Capvec.Formats.Files;
using Capvec.Formats.Safetensors;
using Capvec.Formats.Tensors;

namespace Capvec.Engine.Baking;

/// <summary>
/// Writes the ablation of directions into the weights of a checkpoint: with every matrix that writes into the residual stream orthogonal to them, the stream never
/// has a component along them, which is what ablation at the embedding and at every mixer and MLP output does at run time. Formula after Arditi et al. 2024,
/// "Refusal in language models is mediated by a single direction": <c>W' = W - Q Q^T W</c>, the columns of Q orthonormal.
/// </summary>
public static partial class WeightBaker
{
    private const string ConfigFile = "config.json";
    private const string HeadFile = "model-head.safetensors";
    private const string HeadName = "lm_head.weight";
    private static readonly string[] OutputMatrices = [".o_proj.weight", ".out_proj.weight", ".down_proj.weight"];
    private static readonly string[] OutputBiases = [".o_proj.bias", ".out_proj.bias", ".down_proj.bias"];
    private static readonly string[] KeptFiles = [".json", ".jinja", ".txt", ".model"];

    /// <summary>Writes a copy of a checkpoint with directions taken out of the embedding and of blocks' outputs, in the checkpoint's own number formats.</summary>
    /// <param name="model">The model, loaded from a Hugging Face folder.</param>
    /// <param name="plan">What is taken out of what.</param>
    /// <param name="target">Folder to be made; it must not hold anything.</param>
    /// <param name="keepTied">
    /// Of models whose output matrix is the embedding: true leaves them tied, so that logits read the edited embedding; false writes the old embedding as an output matrix of its own, which gives
    /// run-time ablation's logits.
    /// </param>
    /// <param name="progress">Told the share of the edited weights that is written, 0 to 1; what it throws ends the writing, and no model is left.</param>
    /// <exception cref="CapvecException">The model is not a folder of safetensors, the directions do not fit, the target holds something, or a block has no output that is known.</exception>
    public static BakedModel Ablate(LanguageModel model, AblationPlan plan, string target, bool keepTied = false, IProgress<double>? progress = null)
    {
        if (plan.Hidden != model.Hidden || plan.Layers != model.Layers)
            throw new CapvecException($"the directions have {plan.Hidden} numbers for {plan.Layers} blocks, but the model's residual stream is {model.Hidden} wide and it has {model.Layers} blocks; they were made for another model.");
        if (!Directory.Exists(model.Folder))
            throw new CapvecException($"{model.Folder} is a single file; weights are baked into Hugging Face folders with safetensors only.");
        if (Directory.Exists(target) && Directory.EnumerateFileSystemEntries(target).Any())
            throw new CapvecException($"{target} holds files already; name a new folder.");
        using var source = SafetensorsFolder.Open(model.Folder);
        var writers = source.Tensors.Keys.Where(name => !CheckpointNames.IsSkipped(name) && Writes(name)).Order(StringComparer.Ordinal).ToList();
        var embedding = writers.SingleOrDefault(IsEmbedding) ?? throw new CapvecException($"{model.Folder} has no embedding called embed_tokens.weight; baking does not know this layout.");
        if (writers.Count(name => OutputMatrices.Any(o => name.EndsWith(o, StringComparison.Ordinal))) is var matrices && matrices != 2 * model.Layers)
            throw new CapvecException($"{model.Folder} has {matrices} matrices that write into the residual stream; a mixer's and an MLP's in each of {model.Layers} blocks were expected, so baking would leave some out.");

        var edited = writers.Where(name => plan.Of(Block(name)).Count > 0).ToList();
        OutputFolder.Create(target);
        var unties = !keepTied && edited.Contains(embedding) && !source.Tensors.Keys.Any(n => n.EndsWith(HeadName, StringComparison.Ordinal));

        // A copy that is edited in part, or not yet, looks like a model: it is made in a hidden folder of the target and moved up when it is whole, what makes it a model last.
        var making = Path.Combine(target, $".{Guid.NewGuid():N}");
        try
        {
            OutputFolder.Create(making);
            var left = Write(model.Folder, source, plan, edited, unties ? embedding : null, making, progress);
            foreach (var file in Directory.EnumerateFiles(making).OrderBy(file => Path.GetFileName(file) == ConfigFile).ToList())
                File.Move(file, Path.Combine(target, Path.GetFileName(file)));
            return new BakedModel(target, edited, unties, left);
        }
        finally
        {
            if (Directory.Exists(making))
                Directory.Delete(making, recursive: true);
        }
    }

    // All files of the new model; the largest share of a row or column that is still along a direction.
    private static double Write(string folder, SafetensorsFolder source, AblationPlan plan, List<string> edited, string? untied, string target, IProgress<double>? progress)
    {
        foreach (var file in Directory.EnumerateFiles(folder).Where(f => KeptFiles.Contains(Path.GetExtension(f))))
            OutputFolder.Add(target, file);
        var files = new Dictionary<string, string>(StringComparer.Ordinal);
        var (left, done, total) = (0.0, 0L, edited.Sum(tensor => source.Tensors[tensor].ByteLength));
        foreach (var path in source.Files)
        {
            // A folder with an index has no model.safetensors: other readers would take that one file for the whole model.
            var name = untied is not null && Path.GetFileName(path) == "model.safetensors" ? "model-body.safetensors" : Path.GetFileName(path);
            progress?.Report((double)done / total);
            OutputFolder.Add(target, path, name);
            left = Math.Max(left, Edit(path, Path.Combine(target, name), edited, plan, bytes => progress?.Report((double)(done += bytes) / total)));
            using var shard = SafetensorsFile.Open(path);
            foreach (var tensor in source.Tensors.Keys.Where(shard.Tensors.ContainsKey))
                files[tensor] = name;
        }

        if (untied is not null)
            Untie(source, untied, files, target);
        return left;
    }

    /// <summary>The same with one direction, taken out of the embedding and of every block.</summary>
    /// <param name="model">The model, loaded from a Hugging Face folder.</param>
    /// <param name="direction">[hidden], of any length.</param>
    /// <param name="target">Folder to be made; it must not hold anything.</param>
    /// <param name="keepTied">As in the other form.</param>
    /// <exception cref="CapvecException">As in the other form.</exception>
    public static BakedModel Ablate(LanguageModel model, ReadOnlySpan<float> direction, string target, bool keepTied = false) =>
        Ablate(model, AblationPlan.Everywhere([direction.ToArray()], model.Layers), target, keepTied);

    private static bool IsEmbedding(string name) => name.EndsWith("embed_tokens.weight", StringComparison.Ordinal);

    private static bool Writes(string name) => IsEmbedding(name) || OutputMatrices.Concat(OutputBiases).Any(o => name.EndsWith(o, StringComparison.Ordinal));

    // The 0-based block of a tensor, null for the embedding.
    private static int? Block(string name) => LayerNumber().Match(name) is { Success: true } match ? int.Parse(match.Groups[1].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture) : null;

    // Writes the edited tensors of a file into its copy; the largest share of a row or column that is still along a direction.
    private static double Edit(string from, string to, List<string> edited, AblationPlan plan, Action<long> written)
    {
        using var source = SafetensorsFile.Open(from);
        using var target = new FileStream(to, FileMode.Open, FileAccess.Write);
        var left = 0.0;
        foreach (var tensor in edited.Where(source.Tensors.ContainsKey).Select(source.Find))
        {
            var values = source.ReadFloat32(tensor.Name);
            var basis = plan.Of(Block(tensor.Name));
            var isRows = IsEmbedding(tensor.Name) || tensor.Shape.Length == 1;
            if (isRows)
                Orthogonalisation.Rows(values, basis);
            else
                Orthogonalisation.Columns(values, basis);
            var bytes = Orthogonalisation.Bytes(values, tensor);
            target.Position = tensor.Offset;
            target.Write(bytes);
            ElementConversion.ToSingle(tensor.Dtype, bytes, values);
            left = Math.Max(left, Orthogonalisation.LargestShare(values, basis, isRows));
            written(tensor.ByteLength);
        }

        return left;
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
        var path = Path.Combine(target, ConfigFile);
        var config = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        config["tie_word_embeddings"] = false;
        if (config["text_config"] is JsonObject text)
            text["tie_word_embeddings"] = false;
        File.WriteAllText(path, config.ToJsonString(new() { WriteIndented = true }));
    }

    [GeneratedRegex(@"(?:^|\.)layers\.(\d{1,4})\.", RegexOptions.CultureInvariant)]
    private static partial Regex LayerNumber();
}
