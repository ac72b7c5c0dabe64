using System.CommandLine;
using Capvec.Engine.Sampling;

namespace Capvec.Cli.Options;

/// <summary>The options that say how tokens are chosen.</summary>
internal sealed class SamplingFlags
{
    private readonly Option<float> _temperature;
    private readonly Option<ulong> _seed = NumberOptions.Number("--seed", "Seed; equal seeds give equal replies.", 0UL, 0UL, ulong.MaxValue);
    private readonly Option<int> _topK = NumberOptions.Number("--top-k", "Keep the N likeliest tokens; 0 keeps all.", 0, 0, int.MaxValue);
    private readonly Option<float> _topP = NumberOptions.Number("--top-p", "Keep the fewest tokens whose probabilities sum to N.", 1f, float.Epsilon, 1f);
    private readonly Option<float> _minP = NumberOptions.Number("--min-p", "Keep tokens at least N times as likely as the likeliest.", 0f, 0f, 1f);

    /// <summary>Makes the options.</summary>
    /// <param name="temperature">The usual temperature.</param>
    public SamplingFlags(float temperature) =>
        _temperature = NumberOptions.Number("--temperature", "Divides the logits; 0 always takes the likeliest token.", temperature, 0f, 10f);

    /// <summary>Adds them to a command.</summary>
    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _temperature, _seed, _topK, _topP, _minP })
            command.Options.Add(option);
    }

    /// <summary>What was chosen.</summary>
    public SamplingOptions Read(ParseResult arguments) => new()
    {
        Temperature = arguments.GetValue(_temperature),
        Seed = arguments.GetValue(_seed),
        TopK = arguments.GetValue(_topK),
        TopP = arguments.GetValue(_topP),
        MinP = arguments.GetValue(_minP),
    };
}
