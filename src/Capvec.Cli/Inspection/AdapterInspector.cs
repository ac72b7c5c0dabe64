using System.Text.Json.Nodes;
using Capvec.Formats.Errors;
using Capvec.Formats.Gguf;
using Capvec.Formats.Peft;
using Capvec.Formats.Safetensors;

namespace Capvec.Cli.Inspection;

/// <summary>Describes LoRA adapters.</summary>
internal static class AdapterInspector
{
    /// <summary>An adapter folder.</summary>
    public static Finding Folder(string path, bool hash)
    {
        // A damaged file is an error; what is only of an unsupported kind is described.
        var weights = Path.Combine(path, "adapter_model.safetensors");
        if (File.Exists(weights))
            SafetensorsFile.Open(weights).Dispose();
        PeftConfig config;
        PeftAdapter adapter;
        try
        {
            config = PeftConfig.Load(path);
            adapter = PeftAdapter.Load(path);
        }
        catch (CapvecException e) when (e.ExitCode == CapvecException.FailedJob)
        {
            return new Finding("adapter", "an adapter in PEFT's layout that cannot be used", [("not supported", e.Message)], [], new JsonObject { ["supported"] = false, ["reason"] = e.Message });
        }

        var facts = new List<(string, string)>
        {
            ("rank", $"{config.Rank}"),
            ("alpha", $"{config.Alpha:G6}{(config.UseRslora ? ", rank-stabilised" : "")}"),
            ("base model", config.BaseModel ?? "not named"),
            ("target modules", string.Join(", ", config.TargetModules)),
        };
        if (hash)
            facts.Add(("weights sha256", FileFacts.Sha256(adapter.WeightsPath)));
        var modules = adapter.Modules.Select(module => (module.Path, module.Rank, module.In, module.Out, module.Scale)).ToList();
        return Of("a LoRA adapter in PEFT's layout", facts, modules, adapter.Warnings, new JsonObject
        {
            ["rank"] = config.Rank,
            ["alpha"] = config.Alpha,
            ["base_model"] = config.BaseModel,
            ["target_modules"] = new JsonArray([.. config.TargetModules.Select(name => JsonValue.Create(name))]),
        });
    }

    /// <summary>An adapter as a GGUF file.</summary>
    public static Finding Gguf(string path, bool hash)
    {
        var adapter = GgufLora.Load(path);
        var facts = new List<(string, string)> { ("architecture", adapter.Architecture), ("alpha", adapter.Alpha == 0 ? "0, which means that nothing is scaled" : $"{adapter.Alpha:G6}") };
        if (hash)
            facts.Add(("sha256", FileFacts.Sha256(path)));
        var modules = adapter.Pairs.Select(pair => (pair.Tensor, pair.Rank, pair.In, pair.Out, adapter.ScaleFor(pair.Rank))).ToList();
        return Of("a LoRA adapter in a GGUF file", facts, modules, [], new JsonObject { ["architecture"] = adapter.Architecture, ["alpha"] = adapter.Alpha });
    }

    private static Finding Of(string title, List<(string, string)> facts, IReadOnlyList<(string Name, int Rank, int In, int Out, float Scale)> modules, IReadOnlyList<string> warnings, JsonObject details)
    {
        var parameters = modules.Sum(module => (long)module.Rank * (module.In + module.Out));
        facts.Add(("parameters", $"{parameters:N0} in {modules.Count} modules"));
        facts.AddRange(warnings.Select(warning => ("note", warning)));
        var rows = new List<string[]> { new[] { "module", "rank", "in", "out", "scale" } };
        rows.AddRange(modules.Select(module => new[] { module.Name, $"{module.Rank}", $"{module.In}", $"{module.Out}", $"{module.Scale:G6}" }));
        details["supported"] = true;
        details["parameters"] = parameters;
        details["modules"] = modules.Count;
        return new Finding("adapter", title, facts, rows, details);
    }
}
