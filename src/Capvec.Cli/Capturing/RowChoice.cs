using System.CommandLine;
using System.Globalization;
using Capvec.Formats.Errors;
using Capvec.Steering.Activations;

namespace Capvec.Cli.Capturing;

/// <summary>The options that say which of the rows that are there enter.</summary>
internal sealed class RowChoice
{
    private readonly Option<string[]> _positiveArms = Arms("--positive-arms", "passed (positive)");
    private readonly Option<string[]> _negativeArms = Arms("--negative-arms", "failed (negative)");
    private readonly Option<string?> _take = new("--take")
    {
        Description = "Draw so many positives and negatives with --seed and leave the others out, such as 5/12: what the same contrast is worth with few traces.", HelpName = "P/N",
    };

    /// <summary>Makes the options.</summary>
    public RowChoice() => _take.Validators.Add(result =>
    {
        foreach (var token in result.Tokens.Where(token => Parse(token.Value) is null))
            result.AddError($"--take {token.Value}: positives/negatives were expected, such as 5/12");
    });

    /// <summary>Adds them to a command.</summary>
    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _positiveArms, _negativeArms, _take })
            command.Options.Add(option);
    }

    /// <summary>The rows that enter.</summary>
    /// <exception cref="CapvecException">An arm is not there, or too few traces are.</exception>
    public ActivationSet Of(ParseResult arguments, ActivationSet set, ulong seed)
    {
        foreach (var (option, isPositive) in new[] { (_positiveArms, true), (_negativeArms, false) })
        {
            if (arguments.GetValue(option) is not { Length: > 0 } arms)
                continue;
            var known = set.Traces.Select(trace => trace.Arm).OfType<string>().Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
            if (arms.FirstOrDefault(arm => !known.Contains(arm)) is { } missing)
            {
                throw new CapvecException(
                    $"{option.Name} {missing}: {(known.Count == 0 ? "these rows do not say which arm wrote them; capture traces" : $"there is no such arm; there are {string.Join(", ", known)}")}.", exitCode: CapvecException.WrongUsage);
            }

            set = set.Where(trace => trace.IsPositive != isPositive || arms.Contains(trace.Arm));
        }

        return arguments.GetValue(_take) is { } text && Parse(text) is var (positives, negatives) ? set.Taken(positives, negatives, seed) : set;
    }

    private static Option<string[]> Arms(string name, string which) =>
        new(name) { Description = $"Leave out {which} traces of other arms than these.", HelpName = "ARM", AllowMultipleArgumentsPerToken = true };

    private static (int Positives, int Negatives)? Parse(string text)
    {
        var parts = text.Split('/');
        return parts.Length == 2 && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var p) && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? (p, n) : null;
    }
}
