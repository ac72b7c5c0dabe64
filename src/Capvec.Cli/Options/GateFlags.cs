using System.CommandLine;
using System.CommandLine.Parsing;
using Capvec.Engine.Interventions;
using Capvec.Engine.Loading;
using Capvec.Formats.Errors;
using Capvec.Steering.Directions;

namespace Capvec.Cli.Options;

/// <summary>The options of a gate: steering acts only on prompts that meet its condition.</summary>
internal sealed class GateFlags
{
    private readonly Option<int?> _layer = NumberOptions.Optional("--gate-layer", "Steer only prompts that meet a condition on the output of this 0-based block, read without steering; see --gate-above.", 0, 100_000);
    private readonly Option<float?> _above = NumberOptions.Optional<float>("--gate-above", "The gate is open where the prompt's value is greater.", -1e9f, 1e9f);
    private readonly Option<float?> _below = NumberOptions.Optional<float>("--gate-below", "The gate is open where the prompt's value is less.", -1e9f, 1e9f);
    private readonly Option<string?> _vector = new("--gate-vector") { Description = "Directions of the gate, in the forms of --vector, which is used when left out.", HelpName = "FILE" };
    private readonly Option<string> _measure = new("--gate-measure") { Description = "projection on the gate's direction in residual units, or cosine with it.", DefaultValueFactory = _ => "projection" };
    private readonly Option<string> _over = new("--gate-over") { Description = "The prompt's last token, or mean or max over its tokens.", DefaultValueFactory = _ => "last" };

    /// <summary>Makes the options.</summary>
    public GateFlags()
    {
        _measure.AcceptOnlyFromAmong("projection", "cosine");
        _over.AcceptOnlyFromAmong("last", "mean", "max");
    }

    /// <summary>The options.</summary>
    public IReadOnlyList<Option> All => [_layer, _above, _below, _vector, _measure, _over];

    /// <summary>What is wrong with them together, or null.</summary>
    public string? Error(CommandResult result)
    {
        var thresholds = new Option[] { _above, _below }.Count(o => result.GetResult(o) is not null);
        if (result.GetResult(_layer) is null)
            return All.Any(o => result.GetResult(o) is { Implicit: false }) ? "a gate needs a --gate-layer to read" : null;
        return thresholds == 1 ? null : "--gate-layer needs one threshold, --gate-above or --gate-below";
    }

    /// <summary>The gate, or null without one.</summary>
    /// <param name="arguments">What was given.</param>
    /// <param name="steering">The directions of --vector.</param>
    /// <param name="model">The model.</param>
    /// <exception cref="CapvecException">The file or the layer does not fit the model.</exception>
    public SteeringGate? Read(ParseResult arguments, DirectionSet steering, LanguageModel model)
    {
        if (arguments.GetValue(_layer) is not { } layer)
            return null;
        var set = arguments.GetValue(_vector) is { } source ? DirectionFile.Load(source) : steering;
        if (layer >= model.Layers)
            throw new CapvecException($"--gate-layer {layer}: the model has blocks 0 to {model.Layers - 1}.", exitCode: CapvecException.WrongUsage);
        if (set.Hidden != model.Hidden)
            throw new CapvecException($"--gate-vector: the directions have {set.Hidden} numbers, the model's residual stream {model.Hidden}; they are of another model.");
        var above = arguments.GetValue(_above);
        return new SteeringGate(
            layer, set.At(layer).Unit, above is null ? GateComparison.Below : GateComparison.Above, above ?? arguments.GetValue(_below)!.Value,
            arguments.GetValue(_measure) == "cosine" ? GateMeasure.Cosine : GateMeasure.Projection,
            arguments.GetValue(_over) switch { "mean" => GateReduction.Mean, "max" => GateReduction.Max, _ => GateReduction.Last });
    }
}
