using System.Globalization;
using System.Text.RegularExpressions;

namespace Capvec.Agents.Tasks.Toml;

/// <summary>What stands right of an equals sign.</summary>
internal sealed partial class TomlValueReader(TomlScanner scanner, TomlReader reader)
{
    /// <summary>Deepest nesting of arrays and inline tables; a guard for the stack, far above what files have.</summary>
    private const int DeepestNesting = 64;

    /// <summary>Reads one value.</summary>
    public TomlValue Read(int depth)
    {
        if (depth > DeepestNesting)
            throw scanner.Error(scanner.Line, $"lists and tables are nested deeper than {DeepestNesting}; flatten them");
        var line = scanner.Line;
        return new(
            scanner.Peek switch
            {
                '"' or '\'' => new TomlStringReader(scanner).Read(),
                '[' => ReadArray(depth),
                '{' => ReadInlineTable(depth),
                _ => ReadWord(),
            },
            line);
    }

    private List<TomlValue> ReadArray(int depth)
    {
        var items = new List<TomlValue>();
        scanner.Take('[', "a list");
        scanner.SkipBlankLines();
        while (!scanner.TryTake(']'))
        {
            items.Add(Read(depth + 1));
            scanner.SkipBlankLines();
            if (scanner.TryTake(','))
                scanner.SkipBlankLines();
            else if (scanner.Peek != ']')
                throw scanner.Unexpected("',' or ']' in the list");
        }

        return items;
    }

    private TomlTable ReadInlineTable(int depth)
    {
        var table = new TomlTable();
        scanner.Take('{', "a table");
        scanner.SkipSpaces();
        if (!scanner.TryTake('}'))
        {
            do
            {
                reader.ReadPair(table, depth + 1);
                scanner.SkipSpaces();
            }
            while (scanner.TryTake(','));
            scanner.Take('}', "',' or '}' in the table");
        }

        Close(table);
        return table;
    }

    private static void Close(TomlTable table)
    {
        table.Closed = true;
        foreach (var value in table.Values.Values)
        {
            if (value.Content is TomlTable { Closed: false } inner)
                Close(inner);
        }
    }

    /// <summary>A boolean, number, date or time.</summary>
    private object ReadWord()
    {
        var line = scanner.Line;
        var word = scanner.TakeWhile(IsWord);
        if (word.Length == 0)
            throw scanner.Unexpected("a value (a string, a number, true, false, [ … ] or { … })");

        // A date and its time may be apart by one space.
        if (DatePattern.IsMatch(word) && scanner.Peek == ' ' && char.IsAsciiDigit(scanner.PeekAt(1)))
        {
            scanner.Next();
            word += ' ' + scanner.TakeWhile(IsWord);
        }

        if (word is "true" or "false")
            return word == "true";
        if (IntegerPattern.IsMatch(word) || BasedPattern.IsMatch(word))
            return ReadInteger(word, line);
        if (FloatPattern.IsMatch(word))
            return double.Parse(word.Replace("_", "", StringComparison.Ordinal), NumberStyles.Float, CultureInfo.InvariantCulture);
        if (SpecialPattern.IsMatch(word))
            return word.EndsWith("nan", StringComparison.Ordinal) ? double.NaN : word[0] == '-' ? double.NegativeInfinity : double.PositiveInfinity;
        if (IsTime(word))
            return word;
        throw scanner.Error(line, $"'{word}' is no value; expected a string in quotes, a number, true, false, [ … ] or {{ … }}");
    }

    private long ReadInteger(string word, int line)
    {
        var digits = word.Replace("_", "", StringComparison.Ordinal);
        try
        {
            return digits switch
            {
                ['0', 'x', .. var hex] => Convert.ToInt64(Positive(hex, 16), 16),
                ['0', 'o', .. var octal] => Convert.ToInt64(Positive(octal, 8), 8),
                ['0', 'b', .. var binary] => Convert.ToInt64(Positive(binary, 2), 2),
                _ => long.Parse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture),
            };
        }
        catch (OverflowException)
        {
            throw scanner.Error(line, $"{word} is too large; whole numbers have 64 bits");
        }
    }

    /// <summary>Digits that do not reach the sign bit, which Convert would take for a negative number.</summary>
    private static string Positive(string digits, int numberBase)
    {
        var bits = numberBase switch { 16 => 4, 8 => 3, _ => 1 };
        var trimmed = digits.TrimStart('0');
        var first = trimmed.Length == 0 ? 0 : Convert.ToInt32(trimmed[..1], 16);
        var length = ((trimmed.Length - 1) * bits) + (32 - System.Numerics.BitOperations.LeadingZeroCount((uint)first));
        return trimmed.Length == 0 ? "0" : length <= 63 ? trimmed : throw new OverflowException();
    }

    private static bool IsTime(string word)
    {
        var match = TimePattern.Match(word);
        if (!match.Success)
            return false;
        var (date, time, offset) = (match.Groups["date"].Value, match.Groups["time"].Value, match.Groups["offset"].Value);
        return (date.Length == 0 || DateOnly.TryParseExact(date, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _))
            && (time.Length == 0 || TimeOnly.TryParseExact(time, "HH:mm:ss", CultureInfo.InvariantCulture, DateTimeStyles.None, out _))
            && (offset.Length < 2 || TimeOnly.TryParseExact(offset[1..], "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out _));
    }

    private static bool IsWord(char c) => char.IsAsciiLetterOrDigit(c) || c is '+' or '-' or '_' or '.' or ':';

    [GeneratedRegex(@"^[+-]?(0|[1-9](_?[0-9])*)\z", RegexOptions.CultureInvariant)]
    private static partial Regex IntegerPattern { get; }

    [GeneratedRegex(@"^0(x[0-9A-Fa-f](_?[0-9A-Fa-f])*|o[0-7](_?[0-7])*|b[01](_?[01])*)\z", RegexOptions.CultureInvariant)]
    private static partial Regex BasedPattern { get; }

    [GeneratedRegex(@"^[+-]?(0|[1-9](_?[0-9])*)(\.[0-9](_?[0-9])*)?([eE][+-]?[0-9](_?[0-9])*)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex FloatPattern { get; }

    [GeneratedRegex(@"^[+-]?(inf|nan)\z", RegexOptions.CultureInvariant)]
    private static partial Regex SpecialPattern { get; }

    [GeneratedRegex(@"^[0-9]{4}-[0-9]{2}-[0-9]{2}\z", RegexOptions.CultureInvariant)]
    private static partial Regex DatePattern { get; }

    [GeneratedRegex(
        @"^((?<date>[0-9]{4}-[0-9]{2}-[0-9]{2})([Tt ](?<time>[0-9]{2}:[0-9]{2}:[0-9]{2})(\.[0-9]+)?(?<offset>[Zz]|[+-][0-9]{2}:[0-9]{2})?)?|(?<time>[0-9]{2}:[0-9]{2}:[0-9]{2})(\.[0-9]+)?)\z",
        RegexOptions.CultureInvariant)]
    private static partial Regex TimePattern { get; }
}
