using System.Text.Json.Nodes;
using Capvec.Engine.Loading;
using Capvec.Engine.Network;
using Capvec.Formats.Peft;
using Capvec.Formats.Safetensors;

namespace Capvec.Cli.Inspection;

/// <summary>Describes model and adapter folders. A model is loaded, so that what is said of it has been checked.</summary>
internal static class ModelInspector
{
    /// <summary>A model folder.</summary>
    public static Finding Model(string path)
    {
        using var files = SafetensorsFolder.Open(path);
        using var model = LanguageModel.Load(path);
        var parameters = files.Tensors.Values.Sum(tensor => tensor.Count);
        var types = string.Join(", ", files.Tensors.Values.GroupBy(tensor => tensor.Dtype).Select(group => $"{group.Count()} {group.Key}"));
        var config = model.Config;
        var facts = new List<(string, string)>
        {
            ("name", model.Name),
            ("hash", $"{model.Hash} (first 16 digits of a SHA-256 over config.json and the weights)"),
            ("parameters", $"{parameters:N0} in {files.Files.Count} files"),
            ("stored as", types),
            ("blocks", $"{model.Layers}: layers 0 to {model.Layers - 1}; {Blocks(config)}"),
            ("residual stream", $"width {model.Hidden}"),
            ("vocabulary", $"{model.Vocabulary:N0}"),
            ("positions", $"{model.MaxPositions:N0}"),
            ("stop tokens", string.Join(", ", model.StopTokens)),
        };
        facts.AddRange(model.Notes.Select(note => ("note", note)));
        return new Finding("model", $"a {config.Family} text model, loads without errors", facts, [], new JsonObject
        {
            ["name"] = model.Name,
            ["hash"] = model.Hash,
            ["parameters"] = parameters,
            ["layers"] = model.Layers,
            ["hidden"] = model.Hidden,
            ["vocabulary"] = model.Vocabulary,
            ["max_positions"] = model.MaxPositions,
            ["stop_tokens"] = new JsonArray([.. model.StopTokens.Select(id => JsonValue.Create(id))]),
        });
    }

    /// <summary>An adapter folder.</summary>
    public static Finding Adapter(string path)
    {
        var adapter = PeftAdapter.Load(path);
        var config = PeftConfig.Load(Path.Combine(path, PeftConfig.FileName));
        using var weights = SafetensorsFile.Open(adapter.WeightsPath);
        var facts = new List<(string, string)>
        {
            ("rank", $"{config.Rank}"),
            ("alpha", $"{config.Alpha:G6}{(config.UseRslora ? ", rank-stabilised" : "")}"),
            ("base model", config.BaseModel ?? "not named"),
            ("target modules", string.Join(", ", config.TargetModules)),
            ("parameters", $"{weights.Tensors.Values.Sum(tensor => tensor.Count):N0} in {weights.Tensors.Count} tensors"),
            ("weights sha256", FileFacts.Sha256(adapter.WeightsPath)),
        };
        facts.AddRange(config.Warnings.Select(warning => ("note", warning)));
        return new Finding("adapter", "a LoRA adapter in PEFT's layout", facts, [], new JsonObject
        {
            ["rank"] = config.Rank,
            ["alpha"] = config.Alpha,
            ["base_model"] = config.BaseModel,
            ["target_modules"] = new JsonArray([.. config.TargetModules.Select(name => JsonValue.Create(name))]),
        });
    }

    private static string Blocks(ModelConfig config)
    {
        var full = config.FullAttention.Count(attention => attention);
        return full == config.Layers ? "all with full attention" : $"{full} with full attention, {config.Layers - full} with the gated delta rule";
    }
}
