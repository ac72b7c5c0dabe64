using Capvec.Engine.Layers;
using Capvec.Formats.Errors;
using Capvec.Formats.Safetensors;
using Capvec.Formats.Tensors;
using Capvec.Numerics.Kernels;
using Capvec.Numerics.Memory;

namespace Capvec.Engine.Qwen35;

/// <summary>
/// Reads the tensors of a Qwen3.5 checkpoint, under any of its naming schemes, into packed weights. Vision and multi-token-prediction
/// tensors are left out and counted.
/// </summary>
internal sealed class Qwen35Loader
{
    private static readonly string[] Prefixes = ["model.language_model.", "language_model.model.", "model."];
    private static readonly string[] Skipped = ["model.visual.", "visual.", "mtp.", "model.mtp."];

    private readonly Qwen35Config _c;
    private readonly SafetensorsFolder _files;
    private readonly IProgress<double>? _progress;
    private readonly string _prefix;
    private readonly HashSet<string> _used = new(StringComparer.Ordinal);
    private readonly long _totalBytes;
    private long _readBytes;
    private int _projections;

    public Qwen35Loader(Qwen35Config config, SafetensorsFolder files, IProgress<double>? progress)
    {
        (_c, _files, _progress) = (config, files, progress);
        _prefix = Prefixes.FirstOrDefault(p => files.Tensors.ContainsKey(p + "embed_tokens.weight"))
            ?? throw new CapvecException($"{files.Path}: no tensor embed_tokens.weight under {string.Join(", ", Prefixes)}; the folder does not hold a Qwen3.5 text model, or a shard is missing.");
        _totalBytes = Math.Max(1, files.Tensors.Values.Where(t => !IsSkipped(t.Name)).Sum(t => t.ByteLength));
    }

    /// <summary>Memory that the weights will take: bf16 as it is, anything else as float32.</summary>
    public long WeightBytes => _files.Tensors.Values.Where(t => !IsSkipped(t.Name)).Sum(t => t.Count * (t.Dtype == ElementType.BF16 ? 2 : 4));

    /// <summary>What was left out or unexpected, a line each.</summary>
    public List<string> Notes { get; } = [];

    /// <summary>The prefix of module names in the checkpoint.</summary>
    public string Prefix => _prefix;

    /// <summary>Strips the prefix of a module path of an adapter, which may follow another naming scheme than the checkpoint.</summary>
    public static string StripPrefix(string module) =>
        Prefixes.FirstOrDefault(p => module.StartsWith(p, StringComparison.Ordinal)) is { } prefix ? module[prefix.Length..] : module;

    public Qwen35Weights Load()
    {
        var embedding = Matrix([("embed_tokens", _c.Vocabulary)], _c.Hidden, out _);
        var blocks = new List<Qwen35Block>();
        for (var layer = 0; layer < _c.Layers; layer++)
            blocks.Add(_c.FullAttention[layer] ? AttentionBlock(layer) : DeltaBlock(layer));
        var norm = Vector("norm.weight", _c.Hidden, add: 1);
        var output = Output(embedding);
        CountTheRest();
        return new Qwen35Weights { Config = _c, Embedding = embedding, Blocks = blocks, FinalNorm = norm, Output = output };
    }

    private static bool IsSkipped(string name) => Skipped.Any(s => name.StartsWith(s, StringComparison.Ordinal));

    private Qwen35Block AttentionBlock(int layer)
    {
        var at = $"layers.{layer}.";
        return new Qwen35Block
        {
            InputNorm = Vector(at + "input_layernorm.weight", _c.Hidden, add: 1),
            MlpNorm = Vector(at + "post_attention_layernorm.weight", _c.Hidden, add: 1),
            MixerIn = Stack(_c.Hidden, (at + "self_attn.q_proj", 2 * _c.Heads * _c.HeadDim), (at + "self_attn.k_proj", _c.KvHeads * _c.HeadDim), (at + "self_attn.v_proj", _c.KvHeads * _c.HeadDim)),
            MixerOut = Stack(_c.Heads * _c.HeadDim, (at + "self_attn.o_proj", _c.Hidden)),
            MlpIn = Stack(_c.Hidden, (at + "mlp.gate_proj", _c.Intermediate), (at + "mlp.up_proj", _c.Intermediate)),
            MlpOut = Stack(_c.Intermediate, (at + "mlp.down_proj", _c.Hidden)),
            QueryNorm = Vector(at + "self_attn.q_norm.weight", _c.HeadDim, add: 1),
            KeyNorm = Vector(at + "self_attn.k_norm.weight", _c.HeadDim, add: 1),
        };
    }

    private Qwen35Block DeltaBlock(int layer)
    {
        var at = $"layers.{layer}.";
        var mixer = at + "linear_attn.";
        if (_files.Tensors.ContainsKey(_prefix + mixer + "in_proj_qkvz.weight"))
            throw new CapvecException($"{_files.Path}: {mixer}in_proj_qkvz is the layout of qwen3_next, not of Qwen3.5; that model is not supported.");
        var valueDim = _c.ValueHeads * _c.ValueDim;
        var negativeA = Read(mixer + "A_log", _c.ValueHeads);
        for (var i = 0; i < negativeA.Length; i++)
            negativeA[i] = -MathF.Exp(negativeA[i]);
        return new Qwen35Block
        {
            InputNorm = Vector(at + "input_layernorm.weight", _c.Hidden, add: 1),
            MlpNorm = Vector(at + "post_attention_layernorm.weight", _c.Hidden, add: 1),
            MixerIn = Stack(_c.Hidden, (mixer + "in_proj_qkv", _c.ConvDim), (mixer + "in_proj_z", valueDim), (mixer + "in_proj_b", _c.ValueHeads), (mixer + "in_proj_a", _c.ValueHeads)),
            MixerOut = Stack(valueDim, (mixer + "out_proj", _c.Hidden)),
            MlpIn = Stack(_c.Hidden, (at + "mlp.gate_proj", _c.Intermediate), (at + "mlp.up_proj", _c.Intermediate)),
            MlpOut = Stack(_c.Intermediate, (at + "mlp.down_proj", _c.Hidden)),
            ConvTaps = Taps(mixer + "conv1d.weight"),
            NegativeA = negativeA,
            DtBias = Read(mixer + "dt_bias", _c.ValueHeads),
            GatedNorm = Vector(mixer + "norm.weight", _c.ValueDim, add: 0),
        };
    }

    private Projection Output(PackedMatrix embedding)
    {
        var name = new[] { "lm_head.weight", "language_model.lm_head.weight" }.FirstOrDefault(_files.Tensors.ContainsKey);
        var parts = new[] { new ProjectionPart("lm_head", 0, _c.Vocabulary) };
        if (name is null)
        {
            if (!_c.TiedEmbeddings)
                throw new CapvecException($"{_files.Path}: lm_head.weight is missing, and config.json does not tie it to the embedding; is a shard missing? Download the model again.");
            return new Projection(_projections++, embedding, parts);
        }

        if (_c.TiedEmbeddings)
            Notes.Add("config.json ties the output matrix to the embedding, but the files hold a lm_head.weight; it is used.");
        var matrix = new PackedMatrix(_c.Vocabulary, _c.Hidden, FormatOf([name]));
        Fill(matrix, name, 0, _c.Vocabulary);
        return new Projection(_projections++, matrix, parts);
    }

    private Projection Stack(int columns, params (string Module, int Rows)[] parts)
    {
        var matrix = Matrix(parts, columns, out var list);
        return new Projection(_projections++, matrix, list);
    }

    private PackedMatrix Matrix((string Module, int Rows)[] parts, int columns, out List<ProjectionPart> list)
    {
        var names = parts.Select(p => _prefix + p.Module + ".weight").ToArray();
        foreach (var (name, part) in names.Zip(parts))
            CheckShape(name, part.Rows, columns);
        var matrix = new PackedMatrix(parts.Sum(p => p.Rows), columns, FormatOf(names));
        list = [];
        var offset = 0;
        foreach (var (name, part) in names.Zip(parts))
        {
            Fill(matrix, name, offset, part.Rows);
            list.Add(new ProjectionPart(part.Module, offset, part.Rows));
            offset += part.Rows;
        }

        return matrix;
    }

    // bf16 weights stay bf16 (the kernels widen them without loss); anything else becomes float32.
    private WeightFormat FormatOf(string[] names) =>
        names.All(n => _files.Find(n).Dtype == ElementType.BF16) ? WeightFormat.BFloat16 : WeightFormat.Float32;

    private void Fill(PackedMatrix matrix, string name, int offset, int rows)
    {
        // Whole panels a task, so that no two tasks write the same cache line.
        var first = offset / PackedMatrix.PanelRows;
        var end = (offset + rows + PackedMatrix.PanelRows - 1) / PackedMatrix.PanelRows;
        Parallel.For(first, end, panel =>
        {
            var from = Math.Max(offset, panel * PackedMatrix.PanelRows);
            var to = Math.Min(offset + rows, (panel + 1) * PackedMatrix.PanelRows);
            var values = new float[(to - from) * matrix.Columns];
            _files.ReadFloat32(name, (long)(from - offset) * matrix.Columns, values);
            for (var r = from; r < to; r++)
                matrix.SetRow(r, values.AsSpan((r - from) * matrix.Columns, matrix.Columns));
        });
        Done(name);
    }

    private NativeBuffer<float> Vector(string name, int length, float add)
    {
        var values = Read(name, length);
        var buffer = new NativeBuffer<float>(length);
        for (var i = 0; i < length; i++)
            buffer.Span[i] = values[i] + add;
        return buffer;
    }

    private NativeBuffer<float> Taps(string name)
    {
        var tensor = _files.Find(_prefix + name);
        if (tensor.Shape is [_, var k, 1] && k == _c.ConvKernel)
            throw new CapvecException($"{_files.Path}: {name} has shape {tensor.ShapeText}: the layout of MLX, whose norms are changed too. Use the original Hugging Face checkpoint.");
        CheckShape(_prefix + name, _c.ConvDim, 1, _c.ConvKernel);
        var values = _files.ReadFloat32(_prefix + name);
        Done(_prefix + name);
        var taps = new NativeBuffer<float>((long)_c.ConvKernel * _c.ConvDim);
        for (var channel = 0; channel < _c.ConvDim; channel++)
        {
            for (var tap = 0; tap < _c.ConvKernel; tap++)
                taps.Span[(tap * _c.ConvDim) + channel] = values[(channel * _c.ConvKernel) + tap];
        }

        return taps;
    }

    private float[] Read(string name, int length)
    {
        CheckShape(_prefix + name, length);
        var values = _files.ReadFloat32(_prefix + name);
        Done(_prefix + name);
        return values;
    }

    private void CheckShape(string name, params long[] shape)
    {
        var tensor = _files.Find(name);
        if (!tensor.Dtype.IsFloat())
            throw new CapvecException($"{_files.Path}: tensor {name} has type {tensor.Dtype}; expected BF16, F16 or F32 (re-packed quantised weights are not supported).");
        if (!tensor.Shape.SequenceEqual(shape))
            throw new CapvecException($"{_files.Path}: tensor {name} has shape {tensor.ShapeText}; config.json asks for [{string.Join(", ", shape)}]. The weights and the config do not belong together.");
    }

    private void Done(string name)
    {
        _used.Add(name);
        _readBytes += _files.Find(name).ByteLength;
        _progress?.Report((double)_readBytes / _totalBytes);
    }

    private void CountTheRest()
    {
        var rest = _files.Tensors.Keys.Where(n => !_used.Contains(n)).ToList();
        var skipped = rest.Count(IsSkipped);
        if (skipped > 0)
            Notes.Add($"{skipped} tensors of the vision tower and the multi-token-prediction head are not used.");
        var unknown = rest.Where(n => !IsSkipped(n)).ToList();
        if (unknown.Count > 0)
            Notes.Add($"{unknown.Count} tensors are not part of the model and not used: {string.Join(", ", unknown.Take(3))}{(unknown.Count > 3 ? ", ..." : "")}.");
    }
}
