using Capvec.Engine.Families;
using Capvec.Formats.Errors;
using Capvec.Formats.Safetensors;
using Capvec.Formats.Tensors;
using Capvec.Numerics.Kernels;

namespace Capvec.Engine.Loading;

/// <summary>
/// The tensors of a Hugging Face folder, under any of its naming schemes. Vision and multi-token-prediction tensors are left out and counted.
/// </summary>
internal sealed class CheckpointSource : WeightSource, IDisposable
{
    private readonly SafetensorsFolder _files;
    private readonly ModelFamily _family;
    private readonly string _prefix;

    private CheckpointSource(SafetensorsFolder files, ModelFamily family, string prefix) => (_files, _family, _prefix) = (files, family, prefix);

    public override string Path => _files.Path;

    public override IReadOnlyList<string> Files => [.. _files.Files.Order(StringComparer.Ordinal)];

    public override long TotalBytes => _files.Tensors.Values.Where(t => !CheckpointNames.IsSkipped(t.Name)).Sum(t => t.ByteLength);

    public override long MemoryBytes => _files.Tensors.Values.Where(t => !CheckpointNames.IsSkipped(t.Name)).Sum(t => t.Count * (t.Dtype is ElementType.BF16 or ElementType.F16 ? 2 : 4));

    /// <summary>Opens the weights of a folder.</summary>
    /// <exception cref="CapvecException">There are none, they are broken, or they hold no text model.</exception>
    public static CheckpointSource Open(string folder, ModelFamily family)
    {
        var files = SafetensorsFolder.Open(folder);
        if (CheckpointNames.Prefixes.FirstOrDefault(p => files.Tensors.ContainsKey(p + "embed_tokens.weight")) is { } prefix)
            return new CheckpointSource(files, family, prefix);
        files.Dispose();
        throw new CapvecException($"{folder}: no tensor embed_tokens.weight under {string.Join(", ", CheckpointNames.Prefixes)}; the folder does not hold a text model, or a shard is missing.");
    }

    public override bool Has(string name) => _files.Tensors.ContainsKey(Stored(name));

    public override long Bytes(string name) => _files.Find(Stored(name)).ByteLength;

    // 16-bit weights stay as they are (the kernels widen them without loss); anything else becomes float32.
    public override WeightFormat Format(string name) => _files.Find(Stored(name)).Dtype switch
    {
        ElementType.BF16 => WeightFormat.BFloat16,
        ElementType.F16 => WeightFormat.Float16,
        _ => WeightFormat.Float32,
    };

    public override void Check(string name, params long[] shape)
    {
        var tensor = _files.Find(Stored(name));
        if (!tensor.Dtype.IsFloat())
            throw new CapvecException($"{Path}: tensor {tensor.Name} has type {tensor.Dtype}; expected BF16, F16 or F32 (re-packed quantised weights are not supported).");
        if (shape is [_, 1, var taps] && tensor.Shape is [_, var k, 1] && k == taps && k != 1)
            throw new CapvecException($"{Path}: {tensor.Name} has shape {tensor.ShapeText}: the layout of MLX, whose norms are changed too. Use the original Hugging Face checkpoint.");
        if (!tensor.Shape.SequenceEqual(shape))
            throw new CapvecException($"{Path}: tensor {tensor.Name} has shape {tensor.ShapeText}; config.json asks for [{string.Join(", ", shape)}]. The weights and the config do not belong together.");
    }

    public override void ReadRows(string name, int first, int rows, Span<float> values)
    {
        _files.ReadFloat32(Stored(name), (long)first * (values.Length / rows), values);
        _family.FromCheckpoint(name, values);
    }

    public override IEnumerable<string> Rest(IReadOnlySet<string> used)
    {
        var stored = used.Select(Stored).ToHashSet(StringComparer.Ordinal);
        var rest = _files.Tensors.Keys.Where(n => !stored.Contains(n)).ToLookup(CheckpointNames.IsSkipped);
        foreach (var part in rest[true].GroupBy(CheckpointNames.PartOf))
            yield return $"{part.Count()} tensors of the {part.Key} are not used.";
        if (rest[false].Any())
            yield return $"{rest[false].Count()} tensors are not part of the model and not used: {string.Join(", ", rest[false].Take(3))}{(rest[false].Count() > 3 ? ", ..." : "")}.";
    }

    /// <summary>The tensors of the text model under the network's names, with the one input channel of the convolution squeezed away.</summary>
    public IEnumerable<(string Name, long[] Shape)> TextTensors() => _files.Tensors.Values.Where(t => !CheckpointNames.IsSkipped(t.Name)).Select(t =>
        (t.Name.StartsWith(_prefix, StringComparison.Ordinal) ? t.Name[_prefix.Length..] : t.Name.EndsWith("lm_head.weight", StringComparison.Ordinal) ? "lm_head.weight" : t.Name,
        t.Shape is [var channels, 1, var taps] ? [channels, taps] : t.Shape));

    /// <summary>What the folder calls a tensor of the text model.</summary>
    public string Stored(string name) => name != "lm_head.weight" ? _prefix + name : _files.Tensors.ContainsKey(name) ? name : "language_model." + name;

    public void Dispose() => _files.Dispose();
}
