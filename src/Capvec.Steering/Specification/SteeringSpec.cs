using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Capvec.Engine.Interventions;
using Capvec.Formats.Errors;
using Capvec.Steering.Directions;

namespace Capvec.Steering.Specification;

/// <summary>
/// Steering as users write it: the JSON under <c>steering</c> in requests and studies, in the shape that EasySteer introduced
/// (<c>{"vectors": [{"source", "scale", "layers", "apply": {"prompt", "generation"}, "operation"}]}</c>). Sources are ids, never paths.
/// docs/formats.md lists the fields.
/// </summary>
/// <param name="Vectors">What is done, in order.</param>
public sealed record SteeringSpec(ImmutableArray<SteeringVector> Vectors)
{
    private static readonly (string, SteeringOperation)[] Operations =
        [("add", SteeringOperation.Add), ("ablate", SteeringOperation.Ablate), ("add_keep_norm", SteeringOperation.AddKeepNorm)];

    private static readonly (string, SteeringSite)[] Sites =
        [("block_output", SteeringSite.BlockOutput), ("embedding", SteeringSite.Embedding), ("mixer_output", SteeringSite.MixerOutput), ("mlp_output", SteeringSite.MlpOutput)];

    private static readonly (string, StrengthUnit)[] Units =
        [("residual", StrengthUnit.Residual), ("residual_norm", StrengthUnit.ResidualNorm), ("margin", StrengthUnit.Margin)];

    /// <summary>No steering.</summary>
    public static SteeringSpec None { get; } = new([]);

    /// <summary>Reads a specification from JSON text.</summary>
    /// <exception cref="CapvecException">The text is not JSON, or a field is wrong; the message names it by its path.</exception>
    public static SteeringSpec Parse(string json, string path = "steering")
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return Parse(document.RootElement, path);
        }
        catch (JsonException e)
        {
            throw new CapvecException($"{path}: not valid JSON (line {(e.LineNumber ?? 0) + 1}, column {(e.BytePositionInLine ?? 0) + 1}).", e, CapvecException.WrongUsage);
        }
    }

    /// <summary>Reads a specification from a JSON element; null stands for no steering.</summary>
    /// <param name="element">The value of <c>steering</c>.</param>
    /// <param name="path">What errors call it.</param>
    /// <exception cref="CapvecException">A field is wrong; the message names it by its path.</exception>
    public static SteeringSpec Parse(JsonElement element, string path = "steering")
    {
        if (element.ValueKind is JsonValueKind.Null or JsonValueKind.Undefined)
            return None;
        var reader = new SpecReader(element, path, "vectors");
        if (reader.Field("vectors") is not { ValueKind: JsonValueKind.Array } vectors)
            throw SpecReader.Wrong($"{path}.vectors", "expected a list", reader.Field("vectors") ?? element);
        return new SteeringSpec([.. vectors.EnumerateArray().Select((v, i) => ParseVector(v, $"{path}.vectors[{i}]"))]);
    }

    /// <summary>Makes the interventions of this specification.</summary>
    /// <param name="find">Finds a direction set by id; null when there is none.</param>
    /// <param name="layers">Blocks of the model.</param>
    /// <param name="hidden">Hidden size of the model.</param>
    /// <param name="path">What errors call the specification.</param>
    /// <exception cref="CapvecException">A source is unknown or of another hidden size, a layer is out of range or has no direction, or a unit is not known for it.</exception>
    public SteeringPlan Resolve(Func<string, DirectionSet?> find, int layers, int hidden, string path = "steering")
    {
        var interventions = ImmutableArray.CreateBuilder<Intervention>();
        for (var i = 0; i < Vectors.Length; i++)
            Resolve(Vectors[i], find, layers, hidden, $"{path}.vectors[{i}]", interventions);
        return interventions.Count == 0 ? SteeringPlan.None : new SteeringPlan(interventions.ToImmutable());
    }

    /// <summary>The specification as JSON with every field written out, for answers and records.</summary>
    public JsonObject ToJson() => new()
    {
        ["vectors"] = new JsonArray([.. Vectors.Select(v => (JsonNode)new JsonObject
        {
            ["source"] = v.Source,
            ["operation"] = Word(Operations, v.Operation),
            ["scale"] = v.Operation == SteeringOperation.Ablate ? null : v.Scale,
            ["unit"] = v.Operation == SteeringOperation.Ablate ? null : Word(Units, v.Unit),
            ["layers"] = v.Layers.IsEmpty ? "all" : new JsonArray([.. v.Layers.Select(l => (JsonNode)l)]),
            ["direction_layer"] = v.DirectionLayer,
            ["site"] = Word(Sites, v.Site),
            ["apply"] = new JsonObject
            {
                ["prompt"] = v.Apply.Prompt,
                ["generation"] = v.Apply.Generated,
                ["from"] = v.Apply.From,
                ["to"] = v.Apply.To == int.MaxValue ? null : v.Apply.To,
            },
        })]),
    };

    private static SteeringVector ParseVector(JsonElement element, string path)
    {
        var reader = new SpecReader(element, path, "source", "scale", "alpha", "unit", "layers", "direction_layer", "apply", "operation", "site");
        var operation = reader.Choice("operation", Operations) ?? SteeringOperation.Add;
        if (reader.Has("scale") && reader.Has("alpha"))
            throw new CapvecException($"{path}.alpha: stands beside scale, which means the same; give one.", exitCode: CapvecException.WrongUsage);
        var scale = reader.Number("scale") ?? reader.Number("alpha");
        if (operation == SteeringOperation.Ablate && (scale is not null || reader.Has("unit")))
            throw new CapvecException($"{path}.{(scale is null ? "unit" : reader.Has("scale") ? "scale" : "alpha")}: ablation removes the whole component and takes no strength; leave it out.", exitCode: CapvecException.WrongUsage);
        if (operation != SteeringOperation.Ablate && scale is null)
            throw new CapvecException($"{path}.scale: missing; give the strength, such as 4.", exitCode: CapvecException.WrongUsage);
        return new SteeringVector
        {
            Source = reader.Text("source"),
            Operation = operation,
            Scale = scale ?? 0,
            Unit = reader.Choice("unit", Units) ?? StrengthUnit.Residual,
            Layers = ParseLayers(reader),
            DirectionLayer = reader.Whole("direction_layer"),
            Apply = reader.Field("apply") is { } apply ? ParseApply(apply, $"{path}.apply") : SteeringMask.All,
            Site = reader.Choice("site", Sites) ?? SteeringSite.BlockOutput,
        };
    }

    private static ImmutableArray<int> ParseLayers(SpecReader reader)
    {
        var path = $"{reader.Path}.layers";
        if (reader.Field("layers") is not { } layers)
            throw new CapvecException($"{path}: missing; give a list of 0-based blocks, such as [11], or \"all\".", exitCode: CapvecException.WrongUsage);
        if (layers.ValueKind == JsonValueKind.String && layers.ValueEquals("all"))
            return [];
        if (layers.ValueKind != JsonValueKind.Array || layers.GetArrayLength() == 0)
            throw SpecReader.Wrong(path, "expected a list of 0-based blocks, such as [11], or \"all\"", layers);
        ImmutableArray<int> list = [.. layers.EnumerateArray().Select((l, i) => SpecReader.Whole(l, $"{path}[{i}]"))];
        if (list.Distinct().Count() != list.Length)
            throw SpecReader.Wrong(path, "expected each layer once", layers);
        return list;
    }

    private static SteeringMask ParseApply(JsonElement element, string path)
    {
        var reader = new SpecReader(element, path, "prompt", "generation", "from", "to");
        // Only what is named is steered; without either name, both are.
        var both = !reader.Has("prompt") && !reader.Has("generation");
        var mask = new SteeringMask(both || Part(reader, "prompt"), both || Part(reader, "generation"), reader.Whole("from") ?? 0, reader.Whole("to") ?? int.MaxValue);
        if (!(mask.Prompt || mask.Generated) || mask.From >= mask.To)
            throw SpecReader.Wrong(path, "expected to reach at least one position", element);
        return mask;
    }

    private static bool Part(SpecReader reader, string name)
    {
        if (reader.Field(name) is not { ValueKind: JsonValueKind.String })
            return reader.Flag(name) ?? false;
        return reader.Choice(name, ("all", true), ("none", false)) ?? false;
    }

    private static void Resolve(SteeringVector vector, Func<string, DirectionSet?> find, int layers, int hidden, string path, ImmutableArray<Intervention>.Builder interventions)
    {
        var set = find(vector.Source) ?? throw new CapvecException($"{path}.source: there is no direction set '{vector.Source}'; check the id.", exitCode: CapvecException.WrongUsage);
        if (set.Hidden != hidden)
            throw new CapvecException($"{path}.source: '{vector.Source}' has hidden size {set.Hidden}, the model has {hidden}; it was made from another model.", exitCode: CapvecException.WrongUsage);
        var chosen = vector.Layers;
        if (chosen.IsEmpty)
            chosen = vector.DirectionLayer is null ? set.Layers : [.. Enumerable.Range(0, layers)];
        foreach (var layer in chosen)
        {
            if (layer >= layers)
                throw new CapvecException($"{path}.layers: the model has blocks 0 to {layers - 1}, {layer} is beyond.", exitCode: CapvecException.WrongUsage);
            var from = vector.DirectionLayer ?? layer;
            if (!set.Layers.Contains(from))
                throw new CapvecException($"{path}.{(vector.DirectionLayer is null ? "layers" : "direction_layer")}: '{vector.Source}' has no direction for layer {from}; it has {DirectionSet.Ranges(set.Layers)}.", exitCode: CapvecException.WrongUsage);
            var direction = set.At(from);
            interventions.Add(new Intervention(vector.Operation, layer, direction.Unit, (float)(vector.Scale * UnitOf(vector, set, direction, layer, path)), vector.Apply, vector.Site));
        }
    }

    private static double UnitOf(SteeringVector vector, DirectionSet set, Direction direction, int layer, string path)
    {
        var unit = vector.Unit switch
        {
            StrengthUnit.Margin => direction.Margin,
            StrengthUnit.ResidualNorm => set.Directions.FirstOrDefault(d => d.Layer == layer)?.ResidualNorm,
            _ => 1,
        };
        return unit ?? throw new CapvecException($"{path}.unit: '{vector.Source}' does not say its {Word(Units, vector.Unit)} at layer {layer}; use \"residual\", or a dir.safetensors made by `capvec compute`.", exitCode: CapvecException.WrongUsage);
    }

    private static string Word<T>((string Word, T Value)[] words, T value) => words.First(w => EqualityComparer<T>.Default.Equals(w.Value, value)).Word;
}
