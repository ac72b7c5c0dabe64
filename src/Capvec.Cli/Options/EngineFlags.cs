using System.CommandLine;
using Capvec.Cli.Progress;
using Capvec.Engine.Loading;
using Capvec.Engine.Scheduling;

namespace Capvec.Cli.Options;

/// <summary>The options that say how exactly a model is computed and with how much memory.</summary>
internal sealed class EngineFlags
{
    private readonly Option<bool> _fast = new("--fast") { Description = "Round bf16, f16 and f32 weights to 12-bit blocks while loading: about twice as fast, no longer the model's own numbers." };
    private readonly ActivationFlags _activations = new();
    private readonly Option<double?> _cache = NumberOptions.Optional<double>("--cache-gib", "Most memory for states of earlier prompts and replies, in GiB.", 0, 1 << 20);

    /// <summary>Adds them to a command.</summary>
    public void AddTo(Command command)
    {
        command.Options.Add(_fast);
        _activations.AddTo(command);
        _activations.ExactContradicts(command, _fast);
        command.Options.Add(_cache);
    }

    /// <summary>Loads a model with its text.</summary>
    public Task<TextModel> LoadAsync(ParseResult arguments, string model, CancellationToken cancellation) => ModelLoading.TextAsync(model, cancellation, arguments.GetValue(_fast));

    /// <summary>An engine for it.</summary>
    public InferenceEngine Engine(ParseResult arguments, TextModel text)
    {
        var options = new EngineOptions { Activations = _activations.Value(arguments) };
        return new InferenceEngine(text.Model, arguments.GetValue(_cache) is { } gib ? options with { CacheBytes = (long)(gib * (1L << 30)) } : options);
    }
}
