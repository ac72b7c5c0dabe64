using Capvec.Engine.Families;
using Capvec.Engine.Layers;
using Capvec.Engine.Network;
using Capvec.Formats.Errors;
using Capvec.Numerics.Kernels;
using Capvec.Numerics.Memory;

namespace Capvec.Engine.Loading;

/// <summary>Turns the tensors of a source into packed weights, checking every shape, and keeps account of what was used.</summary>
internal sealed class WeightPacker : IBlockWeights
{
    private readonly WeightSource _source;
    private readonly bool _fast;
    private readonly IProgress<double>? _progress;
    private readonly HashSet<string> _used = new(StringComparer.Ordinal);
    private readonly long _totalBytes;
    private long _readBytes;
    private int _projections;

    private WeightPacker(WeightSource source, bool fast, IProgress<double>? progress) => (_source, _fast, _progress, _totalBytes) = (source, fast, progress, Math.Max(1, source.TotalBytes));

    /// <summary>Loads a whole model.</summary>
    /// <param name="family">Knows the blocks.</param>
    /// <param name="c">The shape.</param>
    /// <param name="source">The tensors.</param>
    /// <param name="fast">Whether bf16, f16 and float32 matrices are rounded to 12-bit blocks, for integer products.</param>
    /// <param name="progress">Told the share of bytes read, 0 to 1.</param>
    /// <param name="notes">What was left out or unexpected, a line each.</param>
    /// <exception cref="CapvecException">A tensor is missing or of another shape, or the files cannot be read.</exception>
    public static ModelWeights Load(ModelFamily family, ModelConfig c, WeightSource source, bool fast, IProgress<double>? progress, out IReadOnlyList<string> notes)
    {
        var packer = new WeightPacker(source, fast, progress);
        var embedding = packer.Matrix(c.Hidden, ("embed_tokens", c.Vocabulary));
        var blocks = Enumerable.Range(0, c.Layers).Select(layer => family.Load(packer, c, layer)).ToList();
        var norm = packer.Vector("norm.weight", c.Hidden);
        var tied = IsTied(source, c);
        var output = new Projection(packer._projections++, [tied ? embedding : packer.Matrix(c.Hidden, ("lm_head", c.Vocabulary))], [new ProjectionPart("lm_head", 0, c.Vocabulary)]);
        notes = [.. TyingNotes(source, c), .. source.Rest(packer._used)];
        return new ModelWeights { Config = c, Embedding = embedding, Blocks = blocks, FinalNorm = norm, Output = output };
    }

    /// <summary>Whether the embedding is the output matrix too.</summary>
    /// <exception cref="CapvecException">The output matrix is missing.</exception>
    public static bool IsTied(WeightSource source, ModelConfig c) => !source.Has("lm_head.weight") && (c.TiedEmbeddings
        ? true
        : throw new CapvecException($"{source.Path}: lm_head.weight is missing, and config.json does not tie it to the embedding; is a shard missing? Download the model again."));

    /// <summary>A line where files and configuration are at odds over the output matrix.</summary>
    public static string[] TyingNotes(WeightSource source, ModelConfig c) => c.TiedEmbeddings && source.Has("lm_head.weight")
        ? ["config.json ties the output matrix to the embedding, but the files hold a lm_head.weight; it is used."]
        : [];

    /// <summary>Refuses a model that holds a certain tensor.</summary>
    /// <exception cref="CapvecException">It does.</exception>
    public static void Refuse(WeightSource source, string name, string why)
    {
        if (source.Has(name))
            throw new CapvecException($"{source.Path}: tensor {name} is {why}.");
    }

    public Projection Stack(int columns, bool bias, params (string Module, int Rows)[] parts)
    {
        var list = new List<ProjectionPart>();
        var biases = bias ? new NativeBuffer<float>(parts.Sum(p => p.Rows)) : null;
        var offset = 0;
        foreach (var (module, rows) in parts)
        {
            list.Add(new ProjectionPart(module, offset, rows));
            if (biases is not null)
                Read(module + ".bias", rows).CopyTo(biases.Span[offset..]);
            offset += rows;
        }

        return new Projection(_projections++, [.. Neighbours(columns, parts).Select(same => Matrix(columns, [.. same]))], list, biases);
    }

    public NativeBuffer<float> Vector(string name, int length)
    {
        var buffer = new NativeBuffer<float>(length);
        Read(name, length).CopyTo(buffer.Span);
        return buffer;
    }

    public float[] Read(string name, int length)
    {
        _source.Check(name, length);
        var values = new float[length];
        _source.ReadRows(name, 0, 1, values);
        Done(name);
        return values;
    }

    public NativeBuffer<float> Taps(string name, int channels, int count)
    {
        _source.Check(name, channels, 1, count);
        var values = new float[channels * count];
        _source.ReadRows(name, 0, channels, values);
        Done(name);
        var taps = new NativeBuffer<float>(values.Length);
        for (var channel = 0; channel < channels; channel++)
        {
            for (var tap = 0; tap < count; tap++)
                taps.Span[(tap * channels) + channel] = values[(channel * count) + tap];
        }

        return taps;
    }

    public void Refuse(string name, string why) => Refuse(_source, name, why);

    private PackedMatrix Matrix(int columns, params (string Module, int Rows)[] parts)
    {
        foreach (var (module, rows) in parts)
            _source.Check(module + ".weight", rows, columns);

        var matrix = new PackedMatrix(parts.Sum(p => p.Rows), columns, Format(parts[0].Module, columns));
        var offset = 0;
        foreach (var (module, rows) in parts)
        {
            Fill(matrix, module + ".weight", offset, rows);
            offset += rows;
        }

        return matrix;
    }

    // Runs of parts in the same format: files may quantise matrices that read the same input differently.
    private IEnumerable<List<(string Module, int Rows)>> Neighbours(int columns, IReadOnlyList<(string Module, int Rows)> parts)
    {
        List<(string, int)> run = [];
        for (var i = 0; i < parts.Count; i++)
        {
            _source.Check(parts[i].Module + ".weight", parts[i].Rows, columns);
            if (i > 0 && Format(parts[i].Module, columns) != Format(parts[i - 1].Module, columns))
            {
                yield return run;
                run = [];
            }

            run.Add(parts[i]);
        }

        yield return run;
    }

    private WeightFormat Format(string module, int columns)
    {
        var stored = _source.Format(module + ".weight");
        if (_fast && !stored.IsQuantised() && columns % WeightFormat.Block12.ColumnMultiple() == 0 && module != "embed_tokens")
            return WeightFormat.Block12;
        return columns % stored.ColumnMultiple() == 0 ? stored : WeightFormat.Float32;
    }

    private void Fill(PackedMatrix matrix, string name, int offset, int rows)
    {
        // Whole panels a task, so that no two tasks write the same cache line.
        var first = offset / PackedMatrix.PanelRows;
        var end = (offset + rows + PackedMatrix.PanelRows - 1) / PackedMatrix.PanelRows;
        Parallel.For(first, end, panel =>
        {
            var from = Math.Max(offset, panel * PackedMatrix.PanelRows);
            var to = Math.Min(offset + rows, (panel + 1) * PackedMatrix.PanelRows);
            if (matrix.Format.IsQuantised() && matrix.Format != WeightFormat.Block12)
            {
                FillBlocks(matrix, name, offset, from, to);
                return;
            }

            var values = new float[(to - from) * matrix.Columns];
            _source.ReadRows(name, from - offset, to - from, values);
            for (var r = from; r < to; r++)
                matrix.SetRow(r, values.AsSpan((r - from) * matrix.Columns, matrix.Columns));
        });
        Done(name);
    }

    private void FillBlocks(PackedMatrix matrix, string name, int offset, int from, int to)
    {
        var bytes = matrix.Format.FileRowBytes(matrix.Columns);
        var blocks = new byte[(to - from) * bytes];
        _source.ReadBlocks(name, from - offset, to - from, blocks);
        for (var r = from; r < to; r++)
            matrix.SetBlocks(r, blocks.AsSpan((r - from) * bytes, bytes));
    }

    private void Done(string name)
    {
        _used.Add(name);
        _readBytes += _source.Bytes(name);
        _progress?.Report(Math.Min(1, (double)_readBytes / _totalBytes));
    }
}
