using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Capvec.Cli.Capturing;
using Capvec.Cli.Hosting;
using Capvec.Cli.Options;
using Capvec.Cli.Output;
using Capvec.Cli.Progress;
using Capvec.Cli.Screening;
using Capvec.Engine.Loading;
using Capvec.Engine.Scheduling;
using Capvec.Experiments.Screening;
using Capvec.Experiments.Studies;
using Capvec.Formats.Errors;
using Capvec.Steering.Controls;
using Capvec.Steering.Directions;
using Capvec.Steering.Estimation;

namespace Capvec.Cli.Commands;

/// <summary>capvec screen: which layers and strengths are worth trials.</summary>
internal sealed class ScreenCommand : CapvecCommand
{
    private readonly Option<string> _model = PathOptions.Model();
    private readonly Option<string> _adapter = PathOptions.Adapter();
    private readonly Option<string> _vectors = new("--vectors") { Description = "Directions: dir.safetensors, dir.pt, a folder with them, or a safetensors file with a [layers, hidden] tensor (FILE#NAME).", HelpName = "FILE" };
    private readonly Option<string[]> _traces = new("--traces") { Description = "Folders of traces to read under steering. Traces that the directions were made from, that steering changed, or that another adapter wrote are left out.", HelpName = "FOLDER", AllowMultipleArgumentsPerToken = true };
    private readonly ContrastOptions _contrast = new();
    private readonly Option<string> _estimator = new("--estimator") { Description = "How directions of texts are made; \"random\" is the control (docs/directions.md).", DefaultValueFactory = _ => MeanDifference.Name, HelpName = "NAME" };
    private readonly Option<ulong?> _random = VectorOptions.Random();
    private readonly Option<string?> _layers = new("--layers") { Description = "0-based blocks: 3, or 4-10, or 3,11; every one that has a direction when left out.", HelpName = "LAYERS" };
    private readonly Option<string> _strengths = new("--strengths") { Description = "Strengths tried at each layer, with commas between.", DefaultValueFactory = _ => "0.5,1,2,4", HelpName = "LIST" };
    private readonly Option<string> _unit = new("--unit") { Description = "What one unit of strength is: margin (the length of the mean difference), residual (a residual unit) or norm (the mean residual length).", DefaultValueFactory = _ => "margin" };
    private readonly Option<double> _bound = NumberOptions.Number("--kl-bound", "Most mean KL to the plain model of a proposed point, in nats a token.", ScreenPlan.UsualKlBound, 1e-9, 1e6);
    private readonly Option<double?> _target = NumberOptions.Optional("--target-kl", "Also find the strength of each layer that gives this mean KL, in nats a token.", 1e-9, 1e6);
    private readonly Option<ulong> _seed = NumberOptions.Number("--seed", "Seed of the intervals.", 0UL, 0UL, ulong.MaxValue);
    private readonly EngineFlags _engine = new();
    private readonly Option<string> _out = PathOptions.NewFile("--out", "File for everything that was found, as JSON.");

    /// <summary>Makes the command.</summary>
    public ScreenCommand(Option<bool> json)
        : base(
            "screen", "Reads finished traces again under steering, without running a trial: by layer and strength, what becomes of the likelihood of solved and failed replies, and how far the model moves. Or texts in place of traces: positives for solved, negatives for failed, each under a direction made without its pair.",
            "capvec screen --model models/phantom/checkpoint --vectors runs/demo/vectors --traces runs/traces --strengths 1,2,4 --out runs/screen.json", json)
    {
        _estimator.AcceptOnlyFromAmong([.. DirectionEstimators.Names]);
        _unit.AcceptOnlyFromAmong("margin", "residual", "norm");
        _traces.Validators.Add(result =>
        {
            foreach (var token in result.Tokens)
            {
                if (PathOptions.FolderError("--traces", token.Value) is { } error)
                    result.AddError(error);
            }
        });
        foreach (var option in new Option[] { _model, _adapter, _vectors, _random, _traces, _layers, _strengths, _unit, _bound, _target, _seed, _out })
            Options.Add(option);
        _contrast.AddTo(this);
        Options.Add(_estimator);
        _engine.AddTo(this);
        Validators.Add(result =>
        {
            var (vectors, traces) = (result.GetResult(_vectors) is not null, result.GetResult(_traces) is not null);
            if (_contrast.Given(result) ? vectors || traces : !vectors || !traces)
                result.AddError("either --vectors with --traces is needed, or texts alone (--pairs, --positive-texts with --negative-texts), which make their own directions");
            else if (vectors && result.GetResult(_estimator) is { Implicit: false })
                result.AddError("--estimator goes with texts; --vectors are made already");
        });
    }

    /// <inheritdoc/>
    protected override async Task<JsonObject?> RunAsync(ParseResult arguments, CommandOutput output, CancellationToken cancellation)
    {
        var strengths = Strengths(arguments.GetRequiredValue(_strengths));
        var directions = arguments.GetValue(_vectors) is { } vectors ? DirectionFile.Load(vectors) : null;
        using var text = await _engine.LoadAsync(arguments, arguments.GetRequiredValue(_model), cancellation);
        var adapter = arguments.GetValue(_adapter) is { } folder ? ModelLoading.Adapter(text.Model, folder) : null;
        var plan = new ScreenPlan
        {
            Layers = arguments.GetValue(_layers) is { } layers ? LayerList.Parse(layers, "--layers", text.Model.Layers) : null,
            Strengths = strengths,
            Unit = arguments.GetValue(_unit) switch { "residual" => StrengthScale.Residual, "norm" => StrengthScale.Norm, _ => StrengthScale.Difference },
            KlBound = arguments.GetValue(_bound),
            TargetKl = arguments.GetValue(_target),
            Seed = arguments.GetValue(_seed),
        };
        var path = arguments.GetRequiredValue(_out);
        ScreenResult result;
        await using (var progress = ProgressDisplay.Create())
        {
            using var engine = _engine.Engine(arguments, text);
            var (screener, heldOut) = directions is null
                ? await OfTextsAsync(arguments, text, engine, plan, adapter, progress, cancellation)
                : OfTraces(arguments, text, engine, directions, plan, adapter, progress);
            var step = progress.Begin("screen", screener.Passes, "passes");
            result = await screener.RunAsync(heldOut, done => step.Report(done), cancellation);
            step.End();
        }

        result.Save(path);
        ScreenTable.Print(result, output);
        output.Line($"{path}: {result.Points.Count} points on {(directions is null ? $"{result.Solved} positive (solved) and {result.Failed} negative (failed) texts" : $"{result.Solved} solved and {result.Failed} failed traces of {result.Tasks} tasks")}; {result.HeldOut}");
        return ScreenTable.Json(result, path);
    }

    private (Screener Screener, string HeldOut) OfTraces(ParseResult arguments, TextModel text, InferenceEngine engine, DirectionSet directions, ScreenPlan plan, LoraAdapter? adapter, ProgressDisplay progress)
    {
        var read = ScreenedFolders.Read(arguments.GetRequiredValue(_traces), text, adapter, directions);
        foreach (var remark in directions.Notes.Concat(read.Remarks))
            progress.Remark(remark);
        return Made(arguments, engine, read.Traces, directions, null, plan, adapter, read.HeldOut);
    }

    private async Task<(Screener Screener, string HeldOut)> OfTextsAsync(ParseResult arguments, TextModel text, InferenceEngine engine, ScreenPlan plan, LoraAdapter? adapter, ProgressDisplay progress, CancellationToken cancellation)
    {
        var texts = _contrast.Texts(arguments);
        var activations = await _contrast.CaptureAsync(arguments, text, engine, texts, progress, cancellation);
        var screen = TextScreen.Of(text, texts, activations, _contrast.Chat(arguments), plan.Seed, DirectionEstimators.Make(arguments.GetValue(_estimator)!, seed: plan.Seed));
        return Made(arguments, engine, screen.Traces, screen.Directions, screen.Folds, plan, adapter, screen.HeldOut);
    }

    private (Screener Screener, string HeldOut) Made(ParseResult arguments, InferenceEngine engine, IReadOnlyList<ScreenTrace> traces, DirectionSet directions, IReadOnlyList<DirectionSet>? folds, ScreenPlan plan, LoraAdapter? adapter, string heldOut) =>
        arguments.GetValue(_random) is { } seed
            ? (new Screener(engine, [.. traces.Select(trace => trace with { Fold = 0 })], RandomDirection.Like(directions, seed), null, plan, adapter), $"directions are random (seed {seed}) and know of none of them")
            : (new Screener(engine, traces, directions, folds, plan, adapter), heldOut);

    private static List<double> Strengths(string text)
    {
        var strengths = new List<double>();
        foreach (var part in text.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries))
        {
            if (!double.TryParse(part, NumberStyles.Float, CultureInfo.InvariantCulture, out var strength) || !double.IsFinite(strength) || strength == 0)
                throw new CapvecException($"--strengths {text}: \"{part}\" is not a strength; numbers other than 0 with commas between were expected, such as 1,2,4.", exitCode: CapvecException.WrongUsage);
            if (strengths.Contains(strength))
                throw new CapvecException($"--strengths {text}: {part} is there twice; give each strength once.", exitCode: CapvecException.WrongUsage);
            strengths.Add(strength);
        }

        return strengths.Count > 0 ? strengths : throw new CapvecException("--strengths is empty; numbers with commas between were expected, such as 1,2,4.", exitCode: CapvecException.WrongUsage);
    }
}
