using System.CommandLine;
using System.Text.Json.Nodes;
using Capvec.Cli.Hosting;
using Capvec.Cli.Options;
using Capvec.Cli.Output;
using Capvec.Cli.Progress;
using Capvec.Engine.Interventions;
using Capvec.Engine.Loading;
using Capvec.Engine.Requests;
using Capvec.Formats.Errors;
using Capvec.Steering.Specification;
using Capvec.Text.Templates;

namespace Capvec.Cli.Commands;

/// <summary>capvec steer: one prompt, plain and steered, side by side.</summary>
internal sealed class SteerCommand : CapvecCommand
{
    private readonly Option<string> _model = PathOptions.Model();
    private readonly Option<string> _adapter = PathOptions.Adapter();
    private readonly Option<string> _prompt = new("--prompt", "-p") { Description = "The user's message; \"-\" reads standard input.", Required = true, HelpName = "TEXT" };
    private readonly Option<string?> _system = new("--system") { Description = "The system's message.", HelpName = "TEXT" };
    private readonly Option<int> _maxTokens = NumberOptions.Number("--max-tokens", "Most tokens of a reply.", 200, 1, 1_000_000);
    private readonly SteeringOptions _steering = new(required: true);
    private readonly SamplingFlags _sampling = new(temperature: 0);
    private readonly EngineFlags _engine = new();

    /// <summary>Makes the command.</summary>
    public SteerCommand(Option<bool> json)
        : base(
            "steer", "Answers a prompt twice, plain and steered, with the same seed, and prints both side by side.",
            "capvec steer --model models/phantom/checkpoint --prompt \"Count the lines of a.txt.\" --vector runs/demo/vectors/dir.pt --layer 3 --alpha 40", json)
    {
        Options.Add(_model);
        Options.Add(_adapter);
        Options.Add(_prompt);
        Options.Add(_system);
        _steering.AddTo(this);
        _sampling.AddTo(this);
        Options.Add(_maxTokens);
        _engine.AddTo(this);
    }

    /// <inheritdoc/>
    protected override async Task<JsonObject?> RunAsync(ParseResult arguments, CommandOutput output, CancellationToken cancellation)
    {
        var steeringOf = _steering.Read(arguments);
        using var text = await _engine.LoadAsync(arguments, arguments.GetRequiredValue(_model), cancellation);
        var adapter = arguments.GetValue(_adapter) is { } folder ? ModelLoading.Adapter(text.Model, folder) : null;
        var steering = steeringOf(text.Model);
        var prompt = arguments.GetRequiredValue(_prompt);
        if (prompt == "-")
            prompt = await Console.In.ReadToEndAsync(cancellation);
        List<ChatMessage> messages = arguments.GetValue(_system) is { } system ? [new("system", system), new("user", prompt)] : [new("user", prompt)];
        var ids = text.Tokenizer.Encode(text.Template.Render(messages, addGenerationPrompt: true));
        if (ids.Length >= text.Model.MaxPositions)
            throw new CapvecException($"the prompt has {ids.Length} tokens; the model reads at most {text.Model.MaxPositions}, the reply included.", exitCode: CapvecException.WrongUsage);

        using var engine = _engine.Engine(arguments, text);
        Task<GenerationResult> Reply(SteeringPlan plan) => engine.GenerateAsync(
            new GenerationRequest
            {
                Prompt = ids,
                Adapter = adapter,
                Steering = plan,
                Sampling = _sampling.Read(arguments),
                MaxTokens = arguments.GetValue(_maxTokens),
                StopTokens = [.. text.Model.StopTokens],
            },
            cancellation);
        var replies = await Task.WhenAll(Reply(SteeringPlan.None), Reply(steering));
        var (plain, steered) = (Show(text, replies[0]), Show(text, replies[1]));
        foreach (var decision in replies[1].Gates)
            output.Line($"gate: {decision.Gate}: {decision.Value:F3}, {(decision.IsOpen ? "open" : "shut")}");
        SideBySide.Print(output, ("plain", plain), ($"steered ({steering.Fingerprint})", steered));
        return new JsonObject
        {
            ["plain"] = Json(plain, replies[0]),
            ["steered"] = Json(steered, replies[1]),
            ["steering"] = steering.Fingerprint,
            ["gates"] = GateReport.ToJson(replies[1].Gates),
            ["prompt_tokens"] = ids.Length,
            ["model_hash"] = text.Model.Hash,
        };
    }

    private static string Show(TextModel text, GenerationResult reply) => text.Tokenizer.Decode(reply.Tokens, skipSpecial: true);

    private static JsonObject Json(string text, GenerationResult reply) => new()
    {
        ["text"] = text,
        ["ids"] = new JsonArray([.. reply.Tokens.Select(id => JsonValue.Create(id))]),
        ["finish"] = reply.Finish == FinishReason.Length ? "length" : "stop",
    };
}
