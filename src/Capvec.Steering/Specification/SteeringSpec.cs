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
        [("add", SteeringOperation.Add), ("ablate", SteeringOperation.Ablate), ("add_keep_norm", SteeringOperation.AddKeepNorm), ("clamp", SteeringOperation.Clamp), ("affine", SteeringOperation.Affine)];

    private static readonly (string, SteeringSite)[] Sites =
        [("block_output", SteeringSite.BlockOutput), ("embedding", SteeringSite.Embedding), ("mixer_output", SteeringSite.MixerOutput), ("mlp_output", SteeringSite.MlpOutput)];

    internal static readonly (string, StrengthUnit)[] Units =
        [("residual", StrengthUnit.Residual), ("residual_norm", StrengthUnit.ResidualNorm), ("margin", StrengthUnit.Margin)];

    /// <summary>No steering.</summary>
    public static SteeringSpec None { get; } = new([]);

    /// <summary>The ids of the direction sets that it reads, each once.</summary>
    public IEnumerable<string> Sources => Vectors.SelectMany(v => new[] { v.Source, v.Gate?.Source ?? v.Source }).Distinct(StringComparer.Ordinal);

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
            ["scale"] = HasStrength(v.Operation) ? v.Scale : null,
            ["low"] = double.IsFinite(v.Low) ? v.Low : null,
            ["high"] = double.IsFinite(v.High) ? v.High : null,
            ["unit"] = v.Operation == SteeringOperation.Ablate ? null : Word(Units, v.Unit),
            ["layers"] = v.Layers.IsEmpty ? "all" : new JsonArray([.. v.Layers.Select(l => (JsonNode)l)]),
            ["direction_layer"] = v.DirectionLayer,
            ["site"] = Word(Sites, v.Site),
            ["gate"] = v.Gate?.ToJson(v.Source),
            ["apply"] = new JsonObject
            {
                ["prompt"] = v.Apply.Prompt,
                ["generation"] = v.Apply.Generated,
                ["from"] = v.Apply.From,
                ["to"] = v.Apply.To == int.MaxValue ? null : v.Apply.To,
                ["reply"] = v.Schedule == SteeringSchedule.Always ? null : new JsonObject
                {
                    ["from"] = v.Schedule.From,
                    ["to"] = v.Schedule.To == int.MaxValue ? null : v.Schedule.To,
                    ["every"] = v.Schedule.Every,
                    ["half_life"] = v.Schedule.Decays ? v.Schedule.HalfLife : null,
                },
            },
        })]),
    };

    private static SteeringVector ParseVector(JsonElement element, string path)
    {
        var reader = new SpecReader(element, path, "source", "scale", "alpha", "low", "high", "unit", "layers", "direction_layer", "apply", "operation", "site", "gate");
        var operation = reader.Choice("operation", Operations) ?? SteeringOperation.Add;
        if (reader.Has("scale") && reader.Has("alpha"))
            throw new CapvecException($"{path}.alpha: stands beside scale, which means the same; give one.", exitCode: CapvecException.WrongUsage);
        var scale = reader.Number("scale") ?? reader.Number("alpha");
        var named = reader.Has("scale") ? "scale" : "alpha";
        if (operation == SteeringOperation.Ablate && (scale is not null || reader.Has("unit")))
            throw new CapvecException($"{path}.{(scale is null ? "unit" : named)}: ablation removes the whole component and takes no strength; leave it out.", exitCode: CapvecException.WrongUsage);
        if (operation == SteeringOperation.Clamp && scale is not null)
            throw new CapvecException($"{path}.{named}: a clamp takes no strength; give low, high or both.", exitCode: CapvecException.WrongUsage);
        if (HasStrength(operation) && scale is null)
            throw new CapvecException($"{path}.scale: missing; give the strength, such as 4.", exitCode: CapvecException.WrongUsage);
        var (low, high) = ParseRange(reader, operation);
        return new SteeringVector
        {
            Source = reader.Text("source"),
            Operation = operation,
            Scale = scale ?? 0,
            Low = low,
            High = high,
            Schedule = ParseSchedule(reader, operation),
            Unit = reader.Choice("unit", Units) ?? StrengthUnit.Residual,
            Layers = ParseLayers(reader),
            DirectionLayer = reader.Whole("direction_layer"),
            Apply = reader.Field("apply") is { } apply ? ParseApply(apply, $"{path}.apply") : SteeringMask.All,
            Site = reader.Choice("site", Sites) ?? SteeringSite.BlockOutput,
            Gate = reader.Field("gate") is { } gate ? GateSpec.Parse(gate, $"{path}.gate") : null,
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
        var reader = new SpecReader(element, path, "prompt", "generation", "from", "to", "reply");
        // Only what is named is steered; without either name, both are.
        var both = !reader.Has("prompt") && !reader.Has("generation");
        var mask = new SteeringMask(both || Part(reader, "prompt"), both || Part(reader, "generation"), reader.Whole("from") ?? 0, reader.Whole("to") ?? int.MaxValue);
        if (!(mask.Prompt || mask.Generated) || mask.From >= mask.To)
            throw SpecReader.Wrong(path, "expected to reach at least one position", element);
        return mask;
    }

    private static bool HasStrength(SteeringOperation operation) => operation is not (SteeringOperation.Ablate or SteeringOperation.Clamp);

    private static (double Low, double High) ParseRange(SpecReader reader, SteeringOperation operation)
    {
        var (low, high) = (reader.Number("low"), reader.Number("high"));
        var given = low is not null || high is not null;
        if (given != (operation == SteeringOperation.Clamp))
            throw new CapvecException(given ? $"{reader.Path}.{(low is null ? "high" : "low")}: only a clamp has a range; leave it out." : $"{reader.Path}.low: missing; a clamp needs low, high or both.", exitCode: CapvecException.WrongUsage);
        if (low > high)
            throw new CapvecException($"{reader.Path}.high: {high} is below low, {low}; give the lower end as low.", exitCode: CapvecException.WrongUsage);
        return (low ?? double.NegativeInfinity, high ?? double.PositiveInfinity);
    }

    private static SteeringSchedule ParseSchedule(SpecReader vector, SteeringOperation operation)
    {
        var path = $"{vector.Path}.apply.reply";
        if (vector.Field("apply") is not { ValueKind: JsonValueKind.Object } apply || !apply.TryGetProperty("reply", out var element) || element.ValueKind == JsonValueKind.Null)
            return SteeringSchedule.Always;
        var reader = new SpecReader(element, path, "from", "to", "every", "half_life");
        var (from, to, every, halfLife) = (reader.Whole("from") ?? 0, reader.Whole("to") ?? int.MaxValue, reader.Whole("every") ?? 1, reader.Number("half_life"));
        if (from >= to)
            throw SpecReader.Wrong(path, "expected to reach at least one token", element);
        if (every == 0)
            throw SpecReader.Wrong($"{path}.every", "expected at least 1", reader.Field("every")!.Value);
        if (halfLife <= 0)
            throw SpecReader.Wrong($"{path}.half_life", "expected a number of tokens above 0", reader.Field("half_life")!.Value);
        if (halfLife is not null && !HasStrength(operation))
            throw new CapvecException($"{path}.half_life: fades a strength, and {Word(Operations, operation)} has none; leave it out.", exitCode: CapvecException.WrongUsage);
        return new SteeringSchedule { From = from, To = to, Every = every, HalfLife = halfLife ?? double.PositiveInfinity };
    }

    private static bool Part(SpecReader reader, string name)
    {
        if (reader.Field(name) is not { ValueKind: JsonValueKind.String })
            return reader.Flag(name) ?? false;
        return reader.Choice(name, ("all", true), ("none", false)) ?? false;
    }

    private static void Resolve(SteeringVector vector, Func<string, DirectionSet?> find, int layers, int hidden, string path, ImmutableArray<Intervention>.Builder interventions)
    {
        var set = Find(vector.Source, find, hidden, $"{path}.source");
        var gate = vector.Gate?.Resolve(vector.Source, find, layers, hidden, $"{path}.gate");
        set.CheckUse(vector.Operation, $"{path}.operation");
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
            var unit = UnitOf(vector.Unit, vector.Source, set, direction, layer, path);
            interventions.Add(vector.Operation == SteeringOperation.Clamp
                ? new Intervention(vector.Operation, layer, direction.Unit, 0, vector.Apply, vector.Site) { Schedule = vector.Schedule, Gate = gate, Range = new SteeringRange((float)(vector.Low * unit), (float)(vector.High * unit)) }
                : new Intervention(vector.Operation, layer, direction.Unit, (float)(vector.Scale * unit), vector.Apply, vector.Site) { Schedule = vector.Schedule, Gate = gate });
        }
    }

    internal static DirectionSet Find(string source, Func<string, DirectionSet?> find, int hidden, string path)
    {
        var set = find(source) ?? throw new CapvecException($"{path}: there is no direction set '{source}'; check the id.", exitCode: CapvecException.WrongUsage);
        return set.Hidden == hidden ? set : throw new CapvecException($"{path}: '{source}' has hidden size {set.Hidden}, the model has {hidden}; it was made from another model.", exitCode: CapvecException.WrongUsage);
    }

    internal static double UnitOf(StrengthUnit unit, string source, DirectionSet set, Direction direction, int layer, string path)
    {
        var one = unit switch
        {
            StrengthUnit.Margin => direction.Margin,
            StrengthUnit.ResidualNorm => set.Directions.FirstOrDefault(d => d.Layer == layer)?.ResidualNorm,
            _ => 1,
        };
        return one ?? throw new CapvecException($"{path}.unit: '{source}' does not say its {Word(Units, unit)} at layer {layer}; use \"residual\", or a dir.safetensors made by `capvec compute`.", exitCode: CapvecException.WrongUsage);
    }

    internal static string Word<T>((string Word, T Value)[] words, T value) => words.First(w => EqualityComparer<T>.Default.Equals(w.Value, value)).Word;
}
