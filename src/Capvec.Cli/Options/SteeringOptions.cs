using System.CommandLine;
using Capvec.Engine.Interventions;
using Capvec.Engine.Loading;
using Capvec.Formats.Errors;
using Capvec.Steering.Controls;
using Capvec.Steering.Directions;
using Capvec.Steering.Specification;

namespace Capvec.Cli.Options;

/// <summary>The options of every command that steers: which direction, at which layers, how strongly, on which positions.</summary>
internal sealed class SteeringOptions
{
    private readonly bool _required;
    private readonly Option<string?> _vector;
    private readonly Option<string?> _name = new("--vector-name") { Description = "Tensor of the vector file to use (the same as FILE#NAME).", HelpName = "NAME" };
    private readonly Option<string?> _layersAre = VectorOptions.LayersAre();
    private readonly Option<ulong?> _random = VectorOptions.Random();
    private readonly Option<string?> _layer = new("--layer") { Description = "0-based blocks whose output is steered: 3, or 4-10, or 3,11.", HelpName = "LAYERS" };
    private readonly Option<float?> _alpha = NumberOptions.Optional<float>("--alpha", "Strength in residual units: directions are brought to length 1 first. Negative steers the other way.", -1e9f, 1e9f);
    private readonly Option<string> _operation = new("--operation") { Description = "add (h + alpha v), ablate (take the component along v out), add-keep-norm, affine (put alpha in the component's place), or clamp (keep the component from --low to --high).", DefaultValueFactory = _ => "add" };
    private readonly Option<float?> _low = NumberOptions.Optional<float>("--low", "Least component along v that a clamp leaves, in residual units.", -1e9f, 1e9f);
    private readonly Option<float?> _high = NumberOptions.Optional<float>("--high", "Greatest component along v that a clamp leaves.", -1e9f, 1e9f);
    private readonly Option<string> _where = new("--where") { Description = "Positions acted on: all, prompt or generated.", DefaultValueFactory = _ => "all" };
    private readonly ScheduleFlags _schedule = new();
    private readonly GateFlags _gate = new();
    private readonly Option<string> _file = PathOptions.ExistingFile("--steering", "A JSON file that says everything at once (several vectors, layers, gates; docs/formats.md), in place of --vector and its options. Its sources are direction files, their paths counted from it.", required: false);

    /// <summary>Makes the options.</summary>
    /// <param name="required">Whether the command makes no sense without steering.</param>
    public SteeringOptions(bool required = false)
    {
        _required = required;
        _vector = new("--vector") { Description = $"Directions: {VectorOptions.Files}.", HelpName = "FILE" };
        _operation.AcceptOnlyFromAmong("add", "ablate", "add-keep-norm", "affine", "clamp");
        _where.AcceptOnlyFromAmong("all", "prompt", "generated");
    }

    /// <summary>Adds them to a command.</summary>
    public void AddTo(Command command)
    {
        foreach (var option in Own.Append(_file))
            command.Options.Add(option);
        command.Validators.Add(result =>
        {
            var vector = result.GetResult(_vector) is not null;
            if (result.GetResult(_file) is not null)
            {
                if (command.Options.FirstOrDefault(o => o != _file && Own.Contains(o) && result.GetResult(o) is { Implicit: false }) is { } other)
                    result.AddError($"--steering says everything; {other.Name} beside it is of --vector");
                return;
            }

            if (_required && !vector)
                result.AddError("steering is missing: give a --vector, or a --steering file");
            var layer = result.GetResult(_layer) is not null;
            var alpha = result.GetResult(_alpha) is not null;
            var operation = result.GetValue(_operation);
            var takesAlpha = operation is not ("ablate" or "clamp");
            var range = result.GetResult(_low) is not null || result.GetResult(_high) is not null;
            if (!vector && !_required && Own.FirstOrDefault(o => result.GetResult(o) is { Implicit: false }) is { } alone)
                result.AddError($"{alone.Name} steers with a --vector, which is missing");
            if (vector && !layer)
                result.AddError("--vector needs a --layer to act on");
            if (vector && !alpha && takesAlpha)
                result.AddError("--vector needs a strength, --alpha");
            if (alpha && operation == "ablate")
                result.AddError("--operation ablate takes the whole component out and has no --alpha");
            if (alpha && operation == "clamp")
                result.AddError("--operation clamp has a range, --low and --high, and no --alpha");
            if (range != (operation == "clamp"))
                result.AddError(range ? "--low and --high are of --operation clamp" : "--operation clamp needs --low, --high or both");
            foreach (var error in vector ? new[] { _schedule.Error(result, operation), _gate.Error(result) }.OfType<string>() : [])
                result.AddError(error);
        });
    }

    private IReadOnlyList<Option> Own => [_vector, _name, _layersAre, _random, _layer, _alpha, _operation, _low, _high, _where, .. _schedule.All, .. _gate.All];

    /// <summary>Reads the files that the options name, which takes no model: what is wrong with them is said before one is loaded.</summary>
    /// <returns>For a model the steering that the options describe; none where there is neither --vector nor --steering. It throws where layers or vectors do not fit the model.</returns>
    /// <exception cref="CapvecException">A file is not there, or is none of directions or steering.</exception>
    public Func<LanguageModel, SteeringPlan> Read(ParseResult arguments)
    {
        if (arguments.GetValue(_file) is { } file)
            return Read(file);
        if (arguments.GetValue(_vector) is not { } source)
            return _ => SteeringPlan.None;
        var set = Load(source, arguments.GetValue(_name), arguments.GetValue(_layersAre));
        return model => Plan(arguments, source, set, model);
    }

    private SteeringPlan Plan(ParseResult arguments, string source, DirectionSet set, LanguageModel model)
    {
        if (set.Hidden != model.Hidden)
            throw new CapvecException($"--vector {source}: the directions have {set.Hidden} numbers, the model's residual stream {model.Hidden}; they are of another model.");
        var operation = arguments.GetValue(_operation) switch
        {
            "ablate" => SteeringOperation.Ablate,
            "add-keep-norm" => SteeringOperation.AddKeepNorm,
            "affine" => SteeringOperation.Affine,
            "clamp" => SteeringOperation.Clamp,
            _ => SteeringOperation.Add,
        };
        var where = arguments.GetValue(_where) switch
        {
            "prompt" => SteeringMask.PromptOnly,
            "generated" => SteeringMask.GeneratedOnly,
            _ => SteeringMask.All,
        };
        set.CheckUse(operation, $"--vector {source}");
        // A gate keeps its own direction: the control is about what is done, not about when.
        var (schedule, gate) = (_schedule.Read(arguments), _gate.Read(arguments, set, model));
        if (arguments.GetValue(_random) is { } seed)
            set = RandomDirection.Like(set, seed);
        return new SteeringPlan([.. LayerList.Parse(arguments.GetValue(_layer)!, "--layer", model.Layers).Select(layer => operation == SteeringOperation.Clamp
            ? new Intervention(operation, layer, set.At(layer).Unit, where: where) { Schedule = schedule, Gate = gate, Range = Range(arguments) }
            : new Intervention(operation, layer, set.At(layer).Unit, arguments.GetValue(_alpha) ?? 0, where) { Schedule = schedule, Gate = gate })]);
    }

    private static Func<LanguageModel, SteeringPlan> Read(string file)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(file))!;
        var spec = SteeringSpec.Parse(TextFile.Read("--steering", file), $"{file}: steering");
        var sets = new Dictionary<string, DirectionSet>(StringComparer.Ordinal);
        foreach (var source in spec.Sources)
            sets.TryAdd(source, Load(Path.GetFullPath(source, folder), null, null));
        return model => spec.Resolve(sets.GetValueOrDefault, model.Layers, model.Hidden, $"{file}: steering");
    }

    private SteeringRange Range(ParseResult arguments)
    {
        var (low, high) = (arguments.GetValue(_low) ?? float.NegativeInfinity, arguments.GetValue(_high) ?? float.PositiveInfinity);
        return low <= high
            ? new SteeringRange(low, high)
            : throw new CapvecException(FormattableString.Invariant($"--low {low} is above --high {high}; give the lower end as --low."), exitCode: CapvecException.WrongUsage);
    }

    private static DirectionSet Load(string source, string? name, string? layersAre)
    {
        if (name is not null && !File.Exists(source))
            throw new CapvecException($"--vector {source}: there is no such file{(source.Contains('#', StringComparison.Ordinal) ? "; with --vector-name give the file alone" : "")}.", exitCode: CapvecException.WrongUsage);
        return VectorOptions.Read(name is null ? source : $"{source}#{name}", layersAre).Set;
    }
}
