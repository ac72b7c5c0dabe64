using Capvec.Engine.Families;
using Capvec.Engine.Layers;
using Capvec.Engine.Network;
using Capvec.Formats.Errors;
using Capvec.Numerics.Kernels;
using Capvec.Numerics.Memory;

namespace Capvec.Engine.Loading;

/// <summary>Goes through a model as <see cref="WeightPacker"/> does, with the same checks, but reads headers only: which matrices there would be, and in which formats.</summary>
internal sealed class WeightSurvey : IBlockWeights
{
    private readonly WeightSource _source;
    private readonly OrderedDictionary<string, long[]> _tensors = new(StringComparer.Ordinal);
    private readonly List<SurveyedStack> _stacks = [];

    private WeightSurvey(WeightSource source) => _source = source;

    /// <summary>The matrices, those that share an input together.</summary>
    public IReadOnlyList<SurveyedStack> Stacks => _stacks;

    /// <summary>All tensors of the model and the shapes that a checkpoint gives them.</summary>
    public IReadOnlyDictionary<string, long[]> Tensors => _tensors;

    /// <summary>Surveys a whole model.</summary>
    /// <param name="family">Knows the blocks.</param>
    /// <param name="c">The shape.</param>
    /// <param name="source">The tensors.</param>
    /// <param name="notes">What loading would leave out or find unexpected, a line each.</param>
    /// <exception cref="CapvecException">A tensor is missing or of another shape.</exception>
    public static WeightSurvey Of(ModelFamily family, ModelConfig c, WeightSource source, out IReadOnlyList<string> notes)
    {
        var survey = new WeightSurvey(source);
        survey.Matrices(c.Hidden, ("embed_tokens", c.Vocabulary));
        for (var layer = 0; layer < c.Layers; layer++)
            family.Load(survey, c, layer).Dispose();
        survey.Check("norm.weight", c.Hidden);
        if (!WeightPacker.IsTied(source, c))
            survey.Matrices(c.Hidden, ("lm_head", c.Vocabulary));
        notes = [.. WeightPacker.TyingNotes(source, c), .. source.Rest(survey._tensors.Keys.ToHashSet(StringComparer.Ordinal))];
        return survey;
    }

    public Projection Stack(int columns, bool bias, params (string Module, int Rows)[] parts)
    {
        Matrices(columns, parts);
        foreach (var (module, rows) in bias ? parts : [])
            Check(module + ".bias", rows);
        return new Projection(0, [], []);
    }

    public NativeBuffer<float> Vector(string name, int length)
    {
        Check(name, length);
        return new NativeBuffer<float>(0);
    }

    public float[] Read(string name, int length)
    {
        Check(name, length);
        return [];
    }

    public NativeBuffer<float> Taps(string name, int channels, int count)
    {
        Check(name, channels, 1, count);
        return new NativeBuffer<float>(0);
    }

    public void Refuse(string name, string why) => WeightPacker.Refuse(_source, name, why);

    private void Matrices(int columns, params (string Module, int Rows)[] parts)
    {
        foreach (var (module, rows) in parts)
            Check(module + ".weight", rows, columns);
        _stacks.Add(new SurveyedStack(columns, [.. parts.Select(part => (part.Rows, Kept(_source.Format(part.Module + ".weight"), columns)))]));
    }

    private void Check(string name, params long[] shape)
    {
        _source.Check(name, shape);
        _tensors[name] = shape;
    }

    private static WeightFormat Kept(WeightFormat stored, int columns) => columns % stored.ColumnMultiple() == 0 ? stored : WeightFormat.Float32;
}
