using System.Text.Json;
using Capvec.Engine.Interventions;
using Capvec.Engine.Loading;
using Capvec.Formats.Safetensors;
using Capvec.Numerics.Kernels;
using Capvec.Tests;

namespace Capvec.Engine.Tests.Goldens;

/// <summary>A tiny checkpoint with its reference outputs.</summary>
internal sealed class TinyModel : IDisposable
{
    public TinyModel(string name)
    {
        Folder = Repository.File("tests", "fixtures", "models", name);
        Model = LanguageModel.Load(Folder);
        Tensors = SafetensorsFile.Open(Path.Combine(Folder, "golden.safetensors"));
        Json = JsonDocument.Parse(File.ReadAllText(Path.Combine(Folder, "golden.json"))).RootElement;
    }

    /// <summary>Every family, and for some of them two shapes.</summary>
    public static IReadOnlyList<string> All { get; } = ["qwen35-tiny", "qwen35-vl-names", "qwen3-tiny", "qwen2-tiny", "llama-tiny", "llama-plain"];

    /// <summary>Those whose goldens hold steered or adapted runs.</summary>
    public static IReadOnlyList<string> WithRuns { get; } = ["qwen35-tiny", "qwen35-vl-names", "llama-tiny"];

    /// <summary>Each of some models on each path that this machine has.</summary>
    public static TheoryData<string, KernelPath> OnEveryPath(IEnumerable<string> models)
    {
        var data = new TheoryData<string, KernelPath>();
        foreach (var model in models)
        {
            foreach (var path in KernelPaths.Supported)
                data.Add(model, path);
        }

        return data;
    }

    public string Folder { get; }

    public LanguageModel Model { get; }

    public SafetensorsFile Tensors { get; }

    public JsonElement Json { get; }

    public int[] Tokens(string name) => [.. Tensors.ReadInt64(name).Select(t => (int)t)];

    /// <summary>The interventions of a run, in order.</summary>
    public SteeringPlan Plan(JsonElement run)
    {
        var list = new List<Intervention>();
        foreach (var op in run.GetProperty("ops").EnumerateArray())
        {
            var operation = op.GetProperty("op").GetString() switch
            {
                "add" => SteeringOperation.Add,
                "ablate" => SteeringOperation.Ablate,
                "add_keep_norm" => SteeringOperation.AddKeepNorm,
                var other => throw new InvalidDataException(other),
            };
            var site = op.GetProperty("site").GetString() switch
            {
                "block_out" => SteeringSite.BlockOutput,
                "embed" => SteeringSite.Embedding,
                "mixer_out" => SteeringSite.MixerOutput,
                "mlp_out" => SteeringSite.MlpOutput,
                var other => throw new InvalidDataException(other),
            };
            var from = op.TryGetProperty("from", out var f) ? f.GetInt32() : 0;
            var alpha = op.TryGetProperty("alpha", out var a) ? a.GetSingle() : 0;
            var blocks = op.TryGetProperty("blocks", out var b) ? b.EnumerateArray().Select(x => x.GetInt32()) : [0];
            list.AddRange(blocks.Select(block => new Intervention(operation, block, Tensors.ReadFloat32(op.GetProperty("vector").GetString()!), alpha, new SteeringMask(From: from), site)));
        }

        return new SteeringPlan([.. list]);
    }

    public void Dispose()
    {
        Tensors.Dispose();
        Model.Dispose();
    }
}
