using System.Text.RegularExpressions;
using Capvec.Formats.Errors;
using Capvec.Formats.Safetensors;
using Capvec.Formats.Torch;

namespace Capvec.Formats.Peft;

/// <summary>A PEFT LoRA adapter folder: its config, and low-rank factors for each adapted module.</summary>
public sealed partial class PeftAdapter
{
    private const string WeightsName = "adapter_model.safetensors";
    private const string TorchName = "adapter_model.bin";

    private PeftAdapter(string folder, PeftConfig config, string weightsPath, IReadOnlyList<PeftModule> modules, IReadOnlyList<string> warnings)
    {
        Folder = folder;
        Config = config;
        WeightsPath = weightsPath;
        Modules = modules;
        Warnings = warnings;
    }

    /// <summary>The folder.</summary>
    public string Folder { get; }

    /// <summary>The config.</summary>
    public PeftConfig Config { get; }

    /// <summary>The file that the factors came from.</summary>
    public string WeightsPath { get; }

    /// <summary>The adapted modules, sorted by path.</summary>
    public IReadOnlyList<PeftModule> Modules { get; }

    /// <summary>What the user should know, the config's warnings first.</summary>
    public IReadOnlyList<string> Warnings { get; }

    /// <summary>Loads an adapter folder.</summary>
    /// <exception cref="CapvecException">A file is missing or broken, an option or tensor is of a kind that is not supported, or factors do not fit each other.</exception>
    public static PeftAdapter Load(string folder)
    {
        if (!Directory.Exists(folder))
            throw new CapvecException($"{folder} is not a folder; give an adapter folder with {PeftConfig.FileName} and {WeightsName}.");
        var config = PeftConfig.Load(folder);
        var path = Path.Combine(folder, WeightsName);
        if (!File.Exists(path))
            return LoadTorch(folder, config, Path.Combine(folder, TorchName));
        using var file = SafetensorsFile.Open(path);
        return Build(folder, config, path, file.Tensors.Values.Select(t => new Source(t.Name, t.Shape, () => file.ReadFloat32(t.Name))));
    }

    private static PeftAdapter LoadTorch(string folder, PeftConfig config, string path)
    {
        if (!File.Exists(path))
            throw new CapvecException($"{folder} has neither {WeightsName} nor {TorchName}; save the adapter with PEFT again.");
        if (TorchFile.Load(path).Root is not TorchDictionary state || state.Any(pair => pair is not { Key: string, Value: TorchTensor }))
            throw new CapvecException($"{path}: expected a dict from names to tensors; save the adapter with PEFT again.");
        return Build(folder, config, path, state.Select(pair => (Name: (string)pair.Key, Tensor: (TorchTensor)pair.Value!)).Select(t => new Source(t.Name, t.Tensor.Shape, t.Tensor.ToFloat32)));
    }

    private static PeftAdapter Build(string folder, PeftConfig config, string path, IEnumerable<Source> tensors)
    {
        var pairs = new SortedDictionary<string, (Source? A, Source? B, bool Embedding)>(StringComparer.Ordinal);
        foreach (var tensor in tensors)
        {
            if (tensor.Name.Contains("lora_magnitude_vector", StringComparison.Ordinal))
                throw new CapvecException($"{path}: tensor '{tensor.Name}' belongs to a DoRA adapter, which is not supported; merge it into the model with PEFT and load the result.");
            var match = FactorName().Match(tensor.Name);
            if (!match.Success)
                throw new CapvecException($"{path}: tensor '{tensor.Name}' is not a LoRA factor (base_model.model.<module>.lora_A.weight or lora_B.weight); trained weights beside the factors are not supported, merge the adapter into the model with PEFT.");
            var (module, embedding, isA) = (match.Groups["module"].Value, match.Groups["embedding"].Success, match.Groups["factor"].Value == "A");
            pairs.TryGetValue(module, out var pair);
            if ((isA ? pair.A : pair.B) is { } other)
                throw new CapvecException($"{path}: '{tensor.Name}' and '{other.Name}' are both the factor {match.Groups["factor"].Value} of '{module}'; the file holds several adapters, save one.");
            pairs[module] = isA ? (tensor, pair.B, embedding) : (pair.A, tensor, embedding);
        }

        if (pairs.Count == 0)
            throw new CapvecException($"{path} holds no tensors; save the adapter with PEFT again.");
        var warnings = new List<string>(config.Warnings);
        return new PeftAdapter(folder, config, path, [.. pairs.Select(p => Module(p.Key, p.Value.A, p.Value.B, p.Value.Embedding, config, path, warnings))], warnings);
    }

    private static PeftModule Module(string name, Source? a, Source? b, bool embedding, PeftConfig config, string path, List<string> warnings)
    {
        if (a is null || b is null)
            throw new CapvecException($"{path}: '{name}' has no factor {(a is null ? "A" : "B")}; the file is incomplete, save the adapter again.");
        if (a.Shape.Length != 2 || b.Shape.Length != 2 || a.Shape[0] != b.Shape[1] || a.Shape.Concat(b.Shape).Any(s => s is < 1 or > int.MaxValue))
            throw new CapvecException($"{path}: '{name}' has factors A [{string.Join(", ", a.Shape)}] and B [{string.Join(", ", b.Shape)}]; expected A [r, in] and B [out, r].");
        var rank = (int)a.Shape[0];
        if (config.RankFor(name) is var stated && stated != rank)
            warnings.Add($"{config.Path}: gives rank {stated} to '{name}', the tensors have {rank}; the tensors decide");
        return new PeftModule(name, rank, (int)a.Shape[1], (int)b.Shape[0], a.Read(), b.Read(), config.ScaleFor(name, rank), embedding);
    }

    [GeneratedRegex(@"^base_model\.model\.(?<module>.+)\.(?:lora_(?<factor>[AB])(?:\.[^.]+)?\.weight|(?<embedding>lora_embedding_)(?<factor>[AB])(?:\.[^.]+)?)$", RegexOptions.CultureInvariant)]
    private static partial Regex FactorName();

    private sealed record Source(string Name, long[] Shape, Func<float[]> Read);
}
