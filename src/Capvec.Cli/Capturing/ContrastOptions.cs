using System.CommandLine;
using Capvec.Cli.Progress;
using Capvec.Engine.Loading;
using Capvec.Engine.Scheduling;
using Capvec.Experiments.Prompts;
using Capvec.Numerics.Kernels;
using Capvec.Steering.Activations;

namespace Capvec.Cli.Capturing;

/// <summary>The options with which a contrast is given as texts.</summary>
internal sealed class ContrastOptions
{
    private readonly Option<string[]> _pairs = Files("--pairs", "Pairs of texts, .csv (columns positive, negative, optionally prompt, group) or .jsonl with the same fields.");
    private readonly Option<string[]> _positive = Files("--positive-texts", "Text files, a positive text on each line.");
    private readonly Option<string[]> _negative = Files("--negative-texts", "The same for negatives.");
    private readonly Option<bool> _chat = new("--chat") { Description = "Read texts inside the model's chat template: as the user's message, or as the reply where a pair has a prompt." };
    private readonly Option<bool> _last = new("--last-token") { Description = "Read a text's last token in place of the mean over its tokens." };

    /// <summary>Adds them to a command.</summary>
    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _pairs, _positive, _negative, _chat, _last })
            command.Options.Add(option);
    }

    /// <summary>Whether texts are given; an error where only one side is.</summary>
    public bool Given(System.CommandLine.Parsing.CommandResult result)
    {
        var (positive, negative) = (result.GetResult(_positive) is not null, result.GetResult(_negative) is not null);
        if (positive != negative)
            result.AddError($"--{(positive ? "positive" : "negative")}-texts needs --{(positive ? "negative" : "positive")}-texts beside it");
        return positive || negative || result.GetResult(_pairs) is not null;
    }

    /// <summary>Whether texts are given.</summary>
    public bool Given(ParseResult arguments) => arguments.GetValue(_pairs) is { Length: > 0 } || arguments.GetValue(_positive) is { Length: > 0 };

    /// <summary>Whether texts are read inside the chat template.</summary>
    public bool Chat(ParseResult arguments) => arguments.GetValue(_chat);

    /// <summary>Reads the texts.</summary>
    public IReadOnlyList<ContrastText> Texts(ParseResult arguments) => [.. (arguments.GetValue(_pairs) ?? []).SelectMany(ContrastTextReader.Pairs)
        .Concat((arguments.GetValue(_positive) ?? []).SelectMany(path => ContrastTextReader.Lines(path, isPositive: true)))
        .Concat((arguments.GetValue(_negative) ?? []).SelectMany(path => ContrastTextReader.Lines(path, isPositive: false)))];

    /// <summary>Captures texts.</summary>
    public async Task<ActivationSet> CaptureAsync(ParseResult arguments, TextModel text, InferenceEngine engine, IReadOnlyList<ContrastText> texts, ProgressDisplay progress, CancellationToken cancellation)
    {
        var step = progress.Begin("capture", texts.Count, "texts");
        var set = await TextActivations.CaptureAsync(text, engine, texts, arguments.GetValue(_last), Chat(arguments), done => step.Report(done), cancellation);
        step.End();
        return set;
    }

    /// <summary>Loads the model and captures the texts.</summary>
    public async Task<ActivationSet> RunAsync(ParseResult arguments, string model, CancellationToken cancellation)
    {
        var texts = Texts(arguments);
        using var text = await ModelLoading.TextAsync(model, cancellation);
        using var engine = new InferenceEngine(text.Model, new EngineOptions { Activations = Activations.Float32 });
        await using var progress = ProgressDisplay.Create();
        return await CaptureAsync(arguments, text, engine, texts, progress, cancellation);
    }

    private static Option<string[]> Files(string name, string description)
    {
        var option = new Option<string[]>(name) { Description = description, HelpName = "FILE", AllowMultipleArgumentsPerToken = true };
        option.Validators.Add(result =>
        {
            foreach (var token in result.Tokens.Where(token => !File.Exists(token.Value)))
                result.AddError($"{name} {token.Value}: there is no such file");
        });
        return option;
    }
}
