using System.CommandLine;
using Capvec.Engine.Interventions;

namespace Capvec.Cli.Options;

/// <summary>The options that say at which tokens of a reply steering acts, and how it fades.</summary>
internal sealed class ScheduleFlags
{
    private readonly Option<int?> _from = NumberOptions.Optional("--reply-from", "First token of each reply that is steered, counted from 0; the first N tokens are left alone.", 0, int.MaxValue);
    private readonly Option<int?> _to = NumberOptions.Optional("--reply-to", "First token of each reply that is steered no more; only the first N tokens are.", 1, int.MaxValue);
    private readonly Option<int?> _every = NumberOptions.Optional("--reply-every", "Steers every N-th token of each reply, from --reply-from on.", 1, int.MaxValue);
    private readonly Option<double?> _halfLife = NumberOptions.Optional("--half-life", "Tokens of a reply after which half of the strength is left.", 1e-3, 1e9);

    /// <summary>The options.</summary>
    public IReadOnlyList<Option> All => [_from, _to, _every, _halfLife];

    /// <summary>What is wrong with them together, or null.</summary>
    public string? Error(System.CommandLine.Parsing.CommandResult result, string? operation)
    {
        if (result.GetValue(_from) is { } from && result.GetValue(_to) is { } to && from >= to)
            return FormattableString.Invariant($"--reply-from {from} and --reply-to {to} leave no token; give the lower number as --reply-from");
        return result.GetValue(_halfLife) is not null && operation is "ablate" or "clamp" ? $"--half-life fades a strength, and --operation {operation} has none" : null;
    }

    /// <summary>The schedule.</summary>
    public SteeringSchedule Read(ParseResult arguments) => new()
    {
        From = arguments.GetValue(_from) ?? 0,
        To = arguments.GetValue(_to) ?? int.MaxValue,
        Every = arguments.GetValue(_every) ?? 1,
        HalfLife = arguments.GetValue(_halfLife) ?? double.PositiveInfinity,
    };
}
