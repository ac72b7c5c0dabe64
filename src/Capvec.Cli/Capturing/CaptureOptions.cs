using System.CommandLine;
using Capvec.Cli.Options;
using Capvec.Cli.Progress;
using Capvec.Experiments.Studies;
using Capvec.Steering.Activations;

namespace Capvec.Cli.Capturing;

/// <summary>The options that say which traces are captured, and where in them.</summary>
internal sealed class CaptureOptions
{
    private readonly Option<string> _model;
    private readonly Option<string> _positions = new("--positions")
    {
        Description = "What is read: \"agent\" is the mean over the agent's own tokens, \"last-prompt\" the last token before its first reply.",
        DefaultValueFactory = _ => "agent",
    };

    /// <summary>Makes the options.</summary>
    /// <param name="required">Whether they have to be given.</param>
    public CaptureOptions(bool required)
    {
        _model = PathOptions.Model(required, "The model that reads the traces, whatever model wrote them");
        Traces = new("--traces") { Description = "Folder of traces; may be given several times. Passed trials are the positives.", Required = required, HelpName = "FOLDER" };
        Traces.Validators.Add(result =>
        {
            foreach (var token in result.Tokens)
            {
                if (PathOptions.FolderError("--traces", token.Value) is { } error)
                    result.AddError(error);
            }
        });
        _positions.AcceptOnlyFromAmong("agent", "last-prompt");
    }

    /// <summary>--traces.</summary>
    public Option<string[]> Traces { get; }

    /// <summary>--model.</summary>
    public Option<string> Model => _model;

    /// <summary>Adds them to a command.</summary>
    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _model, Traces, _positions })
            command.Options.Add(option);
    }

    /// <summary>Loads the model and captures the traces.</summary>
    public async Task<ActivationSet> RunAsync(ParseResult arguments, CancellationToken cancellation)
    {
        using var text = await ModelLoading.TextAsync(arguments.GetRequiredValue(_model), cancellation);
        await using var progress = ProgressDisplay.Create();
        return await TraceCapture.RunAsync(text, arguments.GetRequiredValue(Traces), arguments.GetValue(_positions) == "last-prompt" ? TokenPositions.LastPrompt : TokenPositions.AgentTokens, progress, cancellation);
    }
}
