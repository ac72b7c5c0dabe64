using System.Text.Json;
using System.Text.Json.Nodes;
using Capvec.Engine.Interventions;
using Capvec.Formats.Errors;
using Capvec.Steering.Directions;

namespace Capvec.Steering.Specification;

/// <summary>The condition of one entry of a steering specification, under <c>gate</c>: the entry acts on requests whose prompt meets it.</summary>
public sealed record GateSpec
{
    private static readonly (string, GateMeasure)[] Measures = [("projection", GateMeasure.Projection), ("cosine", GateMeasure.Cosine)];

    private static readonly (string, GateReduction)[] Reductions = [("last", GateReduction.Last), ("mean", GateReduction.Mean), ("max", GateReduction.Max)];

    /// <summary>Id of the direction set; null for that of the entry.</summary>
    public string? Source { get; init; }

    /// <summary>0-based block whose output is measured, with that layer's direction.</summary>
    public required int Layer { get; init; }

    /// <summary>The open side of the threshold.</summary>
    public required GateComparison Comparison { get; init; }

    /// <summary>In units of <see cref="Unit"/> for a projection, -1 to 1 for a cosine.</summary>
    public required double Threshold { get; init; }

    /// <summary>What is measured at a position.</summary>
    public GateMeasure Measure { get; init; }

    /// <summary>How positions are put together.</summary>
    public GateReduction Over { get; init; }

    /// <summary>What one unit of a projection's threshold is; not used for a cosine.</summary>
    public StrengthUnit Unit { get; init; }

    internal static GateSpec Parse(JsonElement element, string path)
    {
        var reader = new SpecReader(element, path, "source", "layer", "above", "below", "over", "measure", "unit");
        var layer = reader.Whole("layer") ?? throw Missing($"{path}.layer", "give the 0-based block that is measured");
        var (above, below) = (reader.Number("above"), reader.Number("below"));
        if (above is not null && below is not null)
            throw new CapvecException($"{path}.below: stands beside above; a gate has one threshold, give one.", exitCode: CapvecException.WrongUsage);
        var threshold = above ?? below ?? throw Missing($"{path}.above", "give above or below, the threshold beyond which the gate is open");
        var measure = reader.Choice("measure", Measures) ?? GateMeasure.Projection;
        if (measure == GateMeasure.Cosine && reader.Has("unit"))
            throw new CapvecException($"{path}.unit: a cosine has no unit; leave it out.", exitCode: CapvecException.WrongUsage);
        if (measure == GateMeasure.Cosine && Math.Abs(threshold) > 1)
            throw SpecReader.Wrong($"{path}.{(above is null ? "below" : "above")}", "expected a cosine from -1 to 1", reader.Field(above is null ? "below" : "above")!.Value);
        return new GateSpec
        {
            Source = reader.Has("source") ? reader.Text("source") : null,
            Layer = layer,
            Comparison = above is null ? GateComparison.Below : GateComparison.Above,
            Threshold = threshold,
            Measure = measure,
            Over = reader.Choice("over", Reductions) ?? GateReduction.Last,
            Unit = reader.Choice("unit", SteeringSpec.Units) ?? StrengthUnit.Residual,
        };
    }

    internal SteeringGate Resolve(string source, Func<string, DirectionSet?> find, int layers, int hidden, string path)
    {
        var set = SteeringSpec.Find(Source ?? source, find, hidden, $"{path}.source");
        if (Layer >= layers)
            throw new CapvecException($"{path}.layer: the model has blocks 0 to {layers - 1}, {Layer} is beyond.", exitCode: CapvecException.WrongUsage);
        if (!set.Layers.Contains(Layer))
            throw new CapvecException($"{path}.layer: '{Source ?? source}' has no direction for layer {Layer}; it has {DirectionSet.Ranges(set.Layers)}.", exitCode: CapvecException.WrongUsage);
        var direction = set.At(Layer);
        var unit = Measure == GateMeasure.Cosine ? 1 : SteeringSpec.UnitOf(Unit, Source ?? source, set, direction, Layer, path);
        return new SteeringGate(Layer, direction.Unit, Comparison, (float)(Threshold * unit), Measure, Over);
    }

    internal JsonObject ToJson(string source) => new()
    {
        ["source"] = Source ?? source,
        ["layer"] = Layer,
        ["above"] = Comparison == GateComparison.Above ? Threshold : null,
        ["below"] = Comparison == GateComparison.Below ? Threshold : null,
        ["over"] = SteeringSpec.Word(Reductions, Over),
        ["measure"] = SteeringSpec.Word(Measures, Measure),
        ["unit"] = Measure == GateMeasure.Cosine ? null : SteeringSpec.Word(SteeringSpec.Units, Unit),
    };

    private static CapvecException Missing(string path, string advice) => new($"{path}: missing; {advice}.", exitCode: CapvecException.WrongUsage);
}
