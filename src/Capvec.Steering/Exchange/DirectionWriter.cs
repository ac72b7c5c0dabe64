using System.Globalization;
using Capvec.Formats.Errors;
using Capvec.Formats.Gguf;
using Capvec.Formats.Torch;
using Capvec.Steering.Directions;
using Capvec.Steering.Exchange.Formats;

namespace Capvec.Steering.Exchange;

/// <summary>Writes direction sets for other tools. docs/exchange.md says what each form keeps.</summary>
public static class DirectionWriter
{
    /// <summary>Forms by the words that users write.</summary>
    public static IReadOnlyDictionary<string, VectorForm> Forms { get; } = new Dictionary<string, VectorForm>
    {
        ["safetensors"] = VectorForm.Safetensors,
        ["dict"] = VectorForm.Dict,
        ["stacked"] = VectorForm.Stacked,
        ["gguf"] = VectorForm.Gguf,
        ["glp"] = VectorForm.Glp,
    };

    /// <summary>The form that a file's ending asks for; null where it says nothing.</summary>
    public static VectorForm? FormOf(string path) => Path.GetExtension(path).ToLowerInvariant() switch
    {
        ".safetensors" => VectorForm.Safetensors,
        ".pt" or ".pth" => VectorForm.Dict,
        ".gguf" => VectorForm.Gguf,
        _ => null,
    };

    /// <summary>Writes a set.</summary>
    /// <param name="set">The directions.</param>
    /// <param name="path">The file; written whole or not at all.</param>
    /// <param name="form">The form.</param>
    /// <param name="lengths">How long the vectors are. dir.safetensors keeps unit vectors and their lengths apart, whatever this is, and so does GLP with directions that are projected out.</param>
    /// <param name="modelHint">What GGUF files say the model is, such as <c>qwen35</c>; programs show it or ignore it.</param>
    /// <returns>What the form could not keep, a line each.</returns>
    /// <exception cref="CapvecException">The form cannot express the set, a margin is not known, or the file cannot be written.</exception>
    public static IReadOnlyList<string> Write(DirectionSet set, string path, VectorForm form, VectorLengths lengths = VectorLengths.Own, string modelHint = "unknown")
    {
        switch (form)
        {
            case VectorForm.Safetensors:
                DirectionFile.SaveSafetensors(set, path);
                return [];
            case VectorForm.Dict:
                TorchWriter.Write(path, [.. set.Directions.Select(d => KeyValuePair.Create(d.Layer, Vector(d, lengths)))]);
                return [$"{path}: a torch file holds the vectors alone; provenance and figures are in a dir.safetensors"];
            case VectorForm.Stacked:
                if (set.Directions[^1].Layer != set.Directions.Length - 1)
                    throw new CapvecException($"{path}: row l of a stacked tensor is layer l, and the set has layers {DirectionSet.Ranges(set.Layers)} only; write a dict, safetensors or gguf.");
                TorchWriter.WriteMatrix(path, set.Hidden, [.. set.Directions.SelectMany(d => Vector(d, lengths))]);
                return [$"{path}: a torch file holds the vectors alone; provenance and figures are in a dir.safetensors"];
            default:
                return WriteControlVector(set, path, form == VectorForm.Glp, lengths, modelHint);
        }
    }

    /// <summary>A direction at the length asked for.</summary>
    /// <exception cref="CapvecException">It is the margin, which is not known.</exception>
    private static float[] Vector(Direction direction, VectorLengths lengths)
    {
        var length = lengths switch
        {
            VectorLengths.Own => direction.Scale,
            VectorLengths.Unit => 1,
            _ => direction.Margin ?? throw new CapvecException($"the margin at layer {direction.Layer} is not known; write own or unit lengths, or start from a dir.safetensors of `capvec compute`."),
        };
        var vector = new float[direction.Unit.Length];
        for (var i = 0; i < vector.Length; i++)
            vector[i] = (float)(direction.Unit[i] * length);
        return vector;
    }

    private static List<string> WriteControlVector(DirectionSet set, string path, bool isGlp, VectorLengths lengths, string modelHint)
    {
        var isProjected = set.Provenance.IsForAblation;
        if (isProjected && !isGlp)
            throw new CapvecException($"{path}: these directions are meant to be taken out, and llama.cpp can only add; write --form glp for programs that know it, or put the ablation into weights with `capvec bake`.");
        var layers = set.Directions.Where(d => d.Layer > 0).ToList();
        if (layers.Count == 0)
            throw new CapvecException($"{path}: the only direction is of layer 0, which control vectors cannot express (direction.N begins with 1); write safetensors or a dict.");
        var vectors = layers.Select(d => Vector(d, isProjected ? VectorLengths.Unit : lengths)).ToList();
        var writer = new GgufWriter()
            .Set("general.architecture", ControlVector.Architecture)
            .Set("general.type", ControlVector.Architecture)
            .Set("general.name", Path.GetFileNameWithoutExtension(path))
            .Set("controlvector.model_hint", modelHint)
            .Set("controlvector.layer_count", layers.Count);
        // The vectors themselves have the lengths.
        foreach (var (key, value) in DirectionMetadata.Of(set).Where(pair => pair.Key != "scale"))
            writer.Set(ControlVector.OwnKeys + key, value);
        if (isGlp)
            SetGlp(writer, set.Provenance, layers, vectors);
        foreach (var (direction, vector) in layers.Zip(vectors))
            writer.Add(string.Create(CultureInfo.InvariantCulture, $"{ControlVector.Prefix}{direction.Layer}"), GgufType.F32, [set.Hidden], (_, to) => vector.CopyTo(to));
        writer.Write(path);
        return layers.Count < set.Directions.Length ? [$"{path}: layer 0 is left out; a control vector begins with block 1"] : [];
    }

    private static void SetGlp(GgufWriter writer, DirectionProvenance provenance, List<Direction> layers, List<float[]> vectors)
    {
        writer.Set("glp.mode", provenance.IsForAblation ? "project" : "add")
            .Set("glp.spec_version", 1u)
            .Set("glp.alpha_default", 1f)
            .Set("glp.hook_point", GlpMetadata.HookPoint)
            .Set("glp.rank", 1u)
            .Set("glp.orthonormal", provenance.IsForAblation)
            .Set("glp.layer_ids_zero_based", GlpMetadata.LayerList(layers.Select(d => d.Layer)))
            .Set("glp.content_sha256", GlpMetadata.ContentHash(vectors));
        foreach (var (key, value) in new[] { ("glp.method", provenance.Estimator), ("glp.contrast", provenance.Contrast), ("glp.created", provenance.Created?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)) })
        {
            if (value is not null)
                writer.Set(key, value);
        }
    }
}
