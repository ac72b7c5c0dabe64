using System.Numerics.Tensors;
using Capvec.Engine.Loading;
using Capvec.Engine.Lora;
using Capvec.Formats.Errors;
using Capvec.Formats.Peft;
using Capvec.Numerics.Kernels;

namespace Capvec.Engine.Conversion;

/// <summary>A model's tensors with adapters merged into them, a row at a time and in float32: <c>W + sum s B A</c>. Only <see cref="ReadRows"/> merges; the rest is the model's own.</summary>
internal sealed class MergedSource : WeightSource
{
    private readonly WeightSource _model;
    private readonly ILookup<string, PeftModule> _modules;

    private MergedSource(WeightSource model, IEnumerable<PeftModule> modules, IReadOnlyList<string> notes) => (_model, Notes, _modules) = (model, notes, modules.ToLookup(module => module.Path + ".weight", StringComparer.Ordinal));

    /// <summary>The names of the tensors that adapters change.</summary>
    public IReadOnlySet<string> Changed => _modules.Select(group => group.Key).ToHashSet(StringComparer.Ordinal);

    /// <summary>What a user of the adapters should know, a line each.</summary>
    public IReadOnlyList<string> Notes { get; }

    public override string Path => _model.Path;

    public override IReadOnlyList<string> Files => _model.Files;

    public override long TotalBytes => _model.TotalBytes;

    public override long MemoryBytes => _model.MemoryBytes;

    /// <summary>Opens adapters over a model.</summary>
    /// <param name="files">The model.</param>
    /// <param name="adapters">PEFT folders or GGUF files; may be none.</param>
    /// <exception cref="CapvecException">An adapter is broken, of an unsupported kind or for another model.</exception>
    public static MergedSource Open(ModelFiles files, IReadOnlyList<string> adapters)
    {
        var (modules, notes) = (new List<PeftModule>(), new List<string>());
        foreach (var factors in adapters.Select(path => AdapterFactors.Load(path, files.Family, files.Config)))
        {
            notes.AddRange(factors.Notes);
            foreach (var module in factors.Modules)
            {
                if (module.IsEmbedding || !files.Source.Has(module.Path + ".weight"))
                    throw new CapvecException($"{factors.Path}: module {module.Path} {(module.IsEmbedding ? "adapts the embedding, which is not merged" : "does not exist in this model; is the adapter for another one?")}");
                files.Source.Check(module.Path + ".weight", module.Out, module.In);
                modules.Add(module);
            }
        }

        return new MergedSource(files.Source, modules, notes);
    }

    public override bool Has(string name) => _model.Has(name);

    public override long Bytes(string name) => _model.Bytes(name);

    public override WeightFormat Format(string name) => _model.Format(name);

    public override void Check(string name, params long[] shape) => _model.Check(name, shape);

    public override void ReadRows(string name, int first, int rows, Span<float> values)
    {
        _model.ReadRows(name, first, rows, values);
        foreach (var module in _modules[name])
        {
            for (var row = 0; row < rows; row++)
            {
                var to = values.Slice(row * module.In, module.In);
                for (var r = 0; r < module.Rank; r++)
                    TensorPrimitives.MultiplyAdd(module.A.AsSpan(r * module.In, module.In), module.Scale * module.B[((first + row) * module.Rank) + r], to, to);
            }
        }
    }

    public override IEnumerable<string> Rest(IReadOnlySet<string> used) => _model.Rest(used);
}
