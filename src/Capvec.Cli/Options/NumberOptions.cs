using System.CommandLine;
using System.Numerics;

namespace Capvec.Cli.Options;

/// <summary>Options that are numbers within bounds; the default stands in the help.</summary>
internal static class NumberOptions
{
    /// <summary>A number with a default.</summary>
    public static Option<T> Number<T>(string name, string description, T usual, T lowest, T highest)
        where T : struct, INumber<T>
    {
        var option = new Option<T>(name) { Description = description, DefaultValueFactory = _ => usual, HelpName = "N" };
        return Bounded(option, lowest, highest);
    }

    /// <summary>A number that has to be given.</summary>
    public static Option<T> Needed<T>(string name, string description, T lowest, T highest)
        where T : struct, INumber<T> => Bounded(new Option<T>(name) { Description = description, Required = true, HelpName = "N" }, lowest, highest);

    /// <summary>A number that may be left out.</summary>
    public static Option<T?> Optional<T>(string name, string description, T lowest, T highest)
        where T : struct, INumber<T>
    {
        var option = new Option<T?>(name) { Description = description, HelpName = "N" };
        Check(option, name, lowest, highest);
        return option;
    }

    private static Option<T> Bounded<T>(Option<T> option, T lowest, T highest)
        where T : struct, INumber<T>
    {
        Check(option, option.Name, lowest, highest);
        return option;
    }

    private static void Check<T>(Option option, string name, T lowest, T highest)
        where T : struct, INumber<T> => option.Validators.Add(result =>
        {
            foreach (var token in result.Tokens)
            {
                if (!T.TryParse(token.Value, System.Globalization.CultureInfo.InvariantCulture, out var value) || !(value >= lowest && value <= highest))
                    result.AddError(FormattableString.Invariant($"{name} {token.Value}: a number from {lowest} to {highest} was expected"));
            }
        });
}
