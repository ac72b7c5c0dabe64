using System.Globalization;
using System.Text.RegularExpressions;
using Capvec.Agents.Tasks.Toml;
using Capvec.Formats.Errors;

namespace Capvec.Agents.Tasks;

/// <summary>A table of task.toml with checked access: a key that is missing gives null, one of the wrong type an error with its line.</summary>
internal sealed partial class TaskSection(TomlTable table, string name, string file)
{
    /// <summary>Longest time limit that is taken, a year.</summary>
    private const double MostSeconds = 366 * 86_400.0;

    /// <summary>Most MiB that are taken, a pebibyte: any more is a slip.</summary>
    private const long MostMb = 1L << 30;

    /// <summary>The table.</summary>
    public TomlTable Table => table;

    /// <summary>The section [key] of the file, empty where it is missing.</summary>
    public TaskSection Section(string key) => Find(key) is { } value
        ? new(value.Content as TomlTable ?? throw Wrong(key, value, $"a table [{Path(key)}]"), Path(key), file)
        : new(new(), Path(key), file);

    /// <summary>The value of a key, or null.</summary>
    public TomlValue? Find(string key) => table.Values.GetValueOrDefault(key);

    /// <summary>A string.</summary>
    public string? Text(string key) => Find(key) is { } value ? value.Content as string ?? throw Wrong(key, value, "a string") : null;

    /// <summary>A whole number above 0, or from 0 on.</summary>
    public long? Count(string key, long least, long most) => Find(key) switch
    {
        null => null,
        { Content: long number } when number >= least && number <= most => number,
        var value => throw Wrong(key, value, $"a whole number from {least} to {most}"),
    };

    /// <summary>A time in seconds.</summary>
    public TimeSpan? Seconds(string key) => Find(key) switch
    {
        null => null,
        { Content: long and > 0 and <= (long)MostSeconds and var whole } => TimeSpan.FromSeconds(whole),
        { Content: double and > 0 and <= MostSeconds and var real } => TimeSpan.FromSeconds(real),
        var value => throw Wrong(key, value, "seconds, a number above 0 and at most a year"),
    };

    /// <summary>A size in MiB: KEY_mb as a whole number, or the older KEY as a string like "512M" or "2G".</summary>
    public long? Megabytes(string key)
    {
        var exact = Count($"{key}_mb", 1, MostMb);
        if (Find(key) is not { } value)
            return exact;
        if (exact is not null)
            throw Wrong(key, value, $"only one of {key} and {key}_mb");
        var match = SizePattern.Match(value.Content as string ?? "");
        if (!match.Success)
            throw Wrong(key, value, "a size such as \"512M\" or \"2G\"");
        var scale = match.Groups[2].Value.ToUpperInvariant() switch { "K" => 1 / 1024.0, "M" => 1, "G" => 1024, _ => 1024 * 1024.0 };
        var size = Math.Ceiling(double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) * scale);
        return size is >= 1 and <= MostMb ? (long)size : throw Wrong(key, value, $"a size from 1M to {MostMb}M");
    }

    /// <summary>A table of strings.</summary>
    public IReadOnlyDictionary<string, string> Variables(string key)
    {
        var section = Section(key);
        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (variable, value) in section.Table.Values)
        {
            var text = section.Text(variable)!;
            if (!VariablePattern.IsMatch(variable) || text.Contains('\0', StringComparison.Ordinal))
                throw section.Wrong(variable, value, "a name of letters, digits and _ and a text without NUL");
            if (text.Contains("${", StringComparison.Ordinal))
                throw section.Wrong(variable, value, "a fixed text; nothing of the host's environment is passed into a task, so write the value itself");
            variables[variable] = text;
        }

        return variables;
    }

    /// <summary>Refuses a key that asks for something that is not there.</summary>
    public void Refuse(string key, Func<TomlValue, bool> asks, string what)
    {
        if (Find(key) is { } value && asks(value))
            throw new CapvecException(string.Create(CultureInfo.InvariantCulture, $"{file}, line {value.Line}: {Path(key)} asks for {what}; Capvec runs tasks with one Linux machine, one agent and one verifier in it. Leave the task out."));
    }

    /// <summary>The error for a value that is not what its key wants.</summary>
    public CapvecException Wrong(string key, TomlValue value, string expected)
    {
        var found = value.Content is string or long or double or bool
            ? string.Create(CultureInfo.InvariantCulture, $"{value.Kind} ({value.Content})")
            : value.Kind;
        return new(string.Create(CultureInfo.InvariantCulture, $"{file}, line {value.Line}: {Path(key)} is {found}; expected {expected}."));
    }

    private string Path(string key) => name.Length == 0 ? key : $"{name}.{key}";

    [GeneratedRegex(@"^\s*([0-9]{1,9}(?:\.[0-9]{1,6})?)\s*([KMGTkmgt])(?:[iI]?[bB])?\s*\z", RegexOptions.CultureInvariant)]
    private static partial Regex SizePattern { get; }

    [GeneratedRegex(@"^[A-Za-z_][A-Za-z0-9_]*\z", RegexOptions.CultureInvariant)]
    private static partial Regex VariablePattern { get; }
}
