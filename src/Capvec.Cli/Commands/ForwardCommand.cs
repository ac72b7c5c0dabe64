using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Capvec.Cli.Hosting;
using Capvec.Cli.Options;
using Capvec.Cli.Output;
using Capvec.Cli.Progress;
using Capvec.Engine.Loading;
using Capvec.Engine.Requests;
using Capvec.Engine.Scheduling;
using Capvec.Formats.Errors;
using Capvec.Formats.Safetensors;
using Capvec.Numerics.Kernels;
using Capvec.Steering.Specification;

namespace Capvec.Cli.Commands;

/// <summary>capvec forward: one pass over given ids, with logits and the residual stream of every block, for comparison with another implementation.</summary>
internal sealed class ForwardCommand : CapvecCommand
{
    private readonly Option<string> _model = PathOptions.Weights();
    private readonly Option<string> _adapter = PathOptions.Adapter();
    private readonly Option<string> _ids = new("--ids") { Description = "Token ids, separated by spaces or commas.", Required = true, HelpName = "\"1 2 3\"" };
    private readonly Option<string> _out = PathOptions.NewFile("--out", "Safetensors file: float32 logits [tokens, vocab] and resid_post.N [tokens, hidden] of every block N (0-based), after steering.");
    private readonly SteeringOptions _steering = new();

    /// <summary>Makes the command.</summary>
    public ForwardCommand(Option<bool> json)
        : base(
            "forward", "Runs one pass over token ids and writes logits and residual streams, so that another implementation can be compared.",
            "capvec forward --model models/phantom/checkpoint --ids \"1 300 301\" --out out/forward.safetensors", json)
    {
        Options.Add(_model);
        Options.Add(_adapter);
        Options.Add(_ids);
        Options.Add(_out);
        _steering.AddTo(this);
    }

    /// <inheritdoc/>
    protected override async Task<JsonObject?> RunAsync(ParseResult arguments, CommandOutput output, CancellationToken cancellation)
    {
        var steeringOf = _steering.Read(arguments);
        using var model = await ModelLoading.WeightsAsync(arguments.GetRequiredValue(_model), cancellation);
        var ids = Ids(arguments.GetRequiredValue(_ids), model);
        var adapter = arguments.GetValue(_adapter) is { } folder ? ModelLoading.Adapter(model, folder) : null;
        var steering = steeringOf(model);
        using var engine = new InferenceEngine(model, new EngineOptions { Activations = Activations.Float32 });
        var result = await engine.ForwardAsync(
            new ForwardRequest
            {
                Tokens = ids,
                Adapter = adapter,
                Steering = steering,
                Logits = LogitRows.All,
                Capture = new CaptureRequest { Reduction = CaptureReduction.All },
            },
            cancellation);

        var path = arguments.GetRequiredValue(_out);
        var writer = new SafetensorsWriter().Add("logits", [ids.Length, model.Vocabulary], result.Logits);
        foreach (var (layer, values) in result.Capture!.Layers.Zip(result.Capture.Values))
            writer.Add(string.Create(CultureInfo.InvariantCulture, $"resid_post.{layer}"), [ids.Length, model.Hidden], values);
        writer.Metadata["model_hash"] = model.Hash;
        writer.Metadata["adapter_hash"] = adapter?.Hash ?? "none";
        writer.Metadata["steering"] = steering.Fingerprint;
        writer.Write(path);
        output.Line($"{path}: logits [{ids.Length}, {model.Vocabulary}], resid_post.0 to resid_post.{model.Layers - 1} [{ids.Length}, {model.Hidden}]");
        foreach (var decision in result.Gates)
            output.Line($"gate: {decision.Gate}: {decision.Value:F3}, {(decision.IsOpen ? "open" : "shut")}");
        return new JsonObject
        {
            ["out"] = Path.GetFullPath(path),
            ["tokens"] = ids.Length,
            ["layers"] = model.Layers,
            ["hidden"] = model.Hidden,
            ["vocabulary"] = model.Vocabulary,
            ["model_hash"] = model.Hash,
            ["steering"] = steering.Fingerprint,
            ["gates"] = GateReport.ToJson(result.Gates),
        };
    }

    private static int[] Ids(string text, LanguageModel model)
    {
        var words = text.Split([' ', ',', '\t', '\n'], StringSplitOptions.RemoveEmptyEntries);
        if (words.Length == 0)
            throw new CapvecException("--ids is empty; give at least one token id.", exitCode: CapvecException.WrongUsage);
        if (words.Length > model.MaxPositions)
            throw new CapvecException($"--ids has {words.Length} ids; the model reads at most {model.MaxPositions}.", exitCode: CapvecException.WrongUsage);
        return [.. words.Select(word => int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var id) && id < model.Vocabulary
            ? id
            : throw new CapvecException($"--ids: \"{word}\" is not a token id; whole numbers from 0 to {model.Vocabulary - 1} were expected.", exitCode: CapvecException.WrongUsage))];
    }
}
