using System.CommandLine;
using System.Text.Json.Nodes;
using Capvec.Cli.Hosting;
using Capvec.Cli.Options;
using Capvec.Cli.Output;
using Capvec.Cli.Progress;
using Capvec.Engine.Benchmarks;
using Capvec.Engine.Scheduling;
using Capvec.Formats.Errors;
using Capvec.Numerics.Kernels;

namespace Capvec.Cli.Commands;

/// <summary>capvec bench engine: prefill and decode rates of one model.</summary>
internal sealed class BenchEngineCommand : CapvecCommand
{
    private static readonly string[] Heading = ["work   ", "context", "sequences", "captured", "steered", "tokens/s", "GB/s ", "G MAC/s", "of roof"];

    private readonly Option<string> _model = PathOptions.Model();
    private readonly Option<int[]> _contexts = new("--contexts") { Description = "Lengths of prompts.", HelpName = "N", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [512] };
    private readonly Option<int[]> _batches = new("--batches") { Description = "Sequences at once.", HelpName = "N", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [1, 4, 8, 16, 32] };
    private readonly Option<int> _tokens = NumberOptions.Number("--tokens", "Tokens that each sequence writes.", 32, 1, 100_000);
    private readonly Option<int> _runs = NumberOptions.Number("--runs", "Runs that count; the median is shown.", 5, 1, 1000);
    private readonly Option<bool> _fast = new("--fast") { Description = "Round bf16, f16 and f32 weights to 12-bit blocks." };
    private readonly ActivationFlags _activations = new();
    private readonly Option<int> _threads = NumberOptions.Number("--threads", "Threads that compute.", Environment.ProcessorCount, 1, 1024);

    /// <summary>Makes the command.</summary>
    public BenchEngineCommand(Option<bool> json)
        : base(
            "engine", "Times prompts (plain, one layer captured, all layers captured) and replies (several batches, plain and steered; several contexts).",
            "capvec bench engine --model models/phantom/checkpoint --contexts 512 2048 --batches 1 16", json)
    {
        foreach (var option in new Option[] { _model, _contexts, _batches, _tokens, _runs, _fast, _threads })
            Options.Add(option);
        _activations.AddTo(this);
    }

    /// <inheritdoc/>
    protected override async Task<JsonObject?> RunAsync(ParseResult arguments, CommandOutput output, CancellationToken cancellation)
    {
        var (contexts, batches, tokens) = (arguments.GetValue(_contexts)!, arguments.GetValue(_batches)!, arguments.GetValue(_tokens));
        using var model = await ModelLoading.WeightsAsync(arguments.GetRequiredValue(_model), cancellation, arguments.GetValue(_fast));
        if (contexts.Any(n => n < 1 || n + tokens >= model.MaxPositions))
            throw new CapvecException($"--contexts: lengths from 1 to {model.MaxPositions - tokens - 1} were expected (the model has {model.MaxPositions} positions, {tokens} new tokens included).", exitCode: CapvecException.WrongUsage);
        using var engine = new InferenceEngine(model, new EngineOptions { Threads = arguments.GetValue(_threads), Activations = _activations.Value(arguments) });
        if (batches.Any(n => n < 1 || n > engine.Options.MaxSequences))
            throw new CapvecException($"--batches: numbers from 1 to {engine.Options.MaxSequences} were expected.", exitCode: CapvecException.WrongUsage);
        var roof = RoofText.Measure(engine.Options.Threads, output);
        output.Line($"{model.Name}: {model.Layers} blocks, hidden {model.Hidden}, vocabulary {model.Vocabulary}, kernels {KernelPaths.Default}, activations {engine.Options.Activations} beside quantised weights");
        output.Line(engine.Memory.Describe());
        output.Line();

        var benchmark = new EngineBenchmark(engine, arguments.GetValue(_runs));
        var rows = new JsonArray();
        output.Heading(Heading);
        await foreach (var rate in benchmark.PrefillAsync(contexts, cancellation))
            Add(rate);
        await foreach (var rate in benchmark.DecodeAsync(batches, contexts, tokens, cancellation))
            Add(rate);
        return new JsonObject { ["model"] = model.Name, ["model_hash"] = model.Hash, ["kernels"] = $"{KernelPaths.Default}", ["activations"] = $"{engine.Options.Activations}", ["roof"] = RoofText.Json(roof), ["rates"] = rows };

        void Add(EngineRate rate)
        {
            var share = Math.Max(rate.WeightBytesPerSecond / roof.ReadBytesPerSecond, rate.MacsPerSecond / roof.FloatMacsPerSecond);
            string[] cells =
            [
                rate.Work, $"{rate.Context,7}", $"{rate.Sequences,9}", $"{rate.Captured,8}", rate.Steered ? "yes" : "no", $"{rate.TokensPerSecond,8:F1}",
                rate.WeightBytesPerSecond > 0 ? $"{rate.WeightBytesPerSecond / 1e9,5:F1}" : "", $"{rate.MacsPerSecond / 1e9,7:F1}", $"{share,7:P0}",
            ];
            output.Row(cells, Heading);
            rows.Add(new JsonObject
            {
                ["work"] = rate.Work,
                ["context"] = rate.Context,
                ["sequences"] = rate.Sequences,
                ["captured_layers"] = rate.Captured,
                ["steered"] = rate.Steered,
                ["tokens_per_second"] = rate.TokensPerSecond,
                ["weight_bytes_per_second"] = rate.WeightBytesPerSecond > 0 ? rate.WeightBytesPerSecond : null,
                ["macs_per_second"] = rate.MacsPerSecond,
                ["of_roof"] = share,
            });
        }
    }
}
