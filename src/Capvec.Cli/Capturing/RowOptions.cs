using System.CommandLine;
using Capvec.Formats.Errors;
using Capvec.Steering.Activations;

namespace Capvec.Cli.Capturing;

/// <summary>The options that say what rows a direction is made of: traces, texts, or what was captured before; and which of them enter.</summary>
internal sealed class RowOptions
{
    private readonly CaptureOptions _capture = new(required: false);
    private readonly ContrastOptions _contrast = new();
    private readonly Option<string[]> _activations = new("--activations") { Description = "Files that \"capvec capture\" wrote, in place of --traces or texts.", HelpName = "FILE", AllowMultipleArgumentsPerToken = true };
    private readonly RowChoice _choice = new();

    /// <summary>Makes the options.</summary>
    public RowOptions() => _activations.Validators.Add(result =>
    {
        foreach (var token in result.Tokens.Where(token => !File.Exists(token.Value)))
            result.AddError($"--activations {token.Value}: there is no such file");
    });

    /// <summary>Adds them to a command.</summary>
    public void AddTo(Command command)
    {
        _capture.AddTo(command);
        _contrast.AddTo(command);
        command.Options.Add(_activations);
        _choice.AddTo(command);
        command.Validators.Add(result =>
        {
            var (traces, texts, activations) = (result.GetResult(_capture.Traces) is not null, _contrast.Given(result), result.GetResult(_activations) is not null);
            var needsModel = traces || texts;
            if (new[] { traces, texts, activations }.Count(given => given) != 1)
                result.AddError("one of --traces, --activations, or texts (--pairs, --positive-texts with --negative-texts) is needed");
            else if (needsModel != (result.GetResult(_capture.Model) is not null))
                result.AddError(needsModel ? $"{(traces ? "--traces" : "texts")} need a --model to read them" : "--model goes with --traces or texts; activations are captured already");
        });
    }

    /// <summary>Reads or captures the rows that enter.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="seed">Seed of what is drawn.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="CapvecException">They cannot be read, or are all of one label.</exception>
    public async Task<ActivationSet> ReadAsync(ParseResult arguments, ulong seed, CancellationToken cancellation)
    {
        var all = arguments.GetValue(_activations) is { Length: > 0 } files ? ActivationJoin.Load(files)
            : _contrast.Given(arguments) ? await _contrast.RunAsync(arguments, arguments.GetRequiredValue(_capture.Model), cancellation)
            : await _capture.RunAsync(arguments, cancellation);
        var set = _choice.Of(arguments, all, seed);
        return set.Labels.Distinct().Count() == 2
            ? set
            : throw new CapvecException($"all {set.Traces.Length} traces are {(set.Labels.FirstOrDefault() ? "positives" : "negatives")}; a contrast needs passed and failed trials. Collect more attempts.");
    }
}
