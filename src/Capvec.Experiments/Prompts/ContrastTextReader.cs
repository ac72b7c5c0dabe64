using System.Globalization;
using System.Text.Json;
using Capvec.Formats.Errors;
using Capvec.Formats.Files;
using CsvHelper;
using CsvHelper.Configuration;

namespace Capvec.Experiments.Prompts;

/// <summary>Reads contrasts that are written down as texts: pairs in CSV or JSON lines, or one text a line.</summary>
public static class ContrastTextReader
{
    /// <summary>
    /// Pairs: columns or fields <c>positive</c> and <c>negative</c>, optionally <c>prompt</c> (comes before both) and <c>group</c> (the pair's own number when missing).
    /// </summary>
    /// <param name="path">A .csv file with a heading line, or a .jsonl file with an object a line.</param>
    /// <exception cref="CapvecException">The file is missing or broken, or a row lacks a side; the message names the line.</exception>
    public static IReadOnlyList<ContrastText> Pairs(string path)
    {
        var text = InputFile.ReadText(path);
        var name = Path.GetFileName(path);
        var texts = new List<ContrastText>();
        foreach (var (line, field) in Path.GetExtension(path).ToUpperInvariant() switch
        {
            ".CSV" => Csv(path, text),
            ".JSONL" or ".NDJSON" => JsonLines(path, text),
            _ => throw new CapvecException($"{path}: pairs are read from .csv (columns positive, negative) or .jsonl (an object a line); give one of these.", null, CapvecException.WrongUsage),
        })
        {
            var group = field("group") is { Length: > 0 } given ? given : $"pair {line}";
            foreach (var side in new[] { "positive", "negative" })
            {
                texts.Add(new ContrastText(
                    $"{name}:{line} {side}", group, side == "positive", field("prompt"),
                    field(side) is { Length: > 0 } words ? words : throw new CapvecException($"{path}:{line}: there is no '{side}'; every pair needs a positive and a negative text.")));
            }
        }

        return texts.Count > 0 ? texts : throw new CapvecException($"{path}: there is no pair in it.");
    }

    /// <summary>One text a line, empty lines left out.</summary>
    /// <param name="path">A text file.</param>
    /// <param name="isPositive">Which side they are on.</param>
    /// <exception cref="CapvecException">The file is missing, not UTF-8, or empty.</exception>
    public static IReadOnlyList<ContrastText> Lines(string path, bool isPositive)
    {
        var texts = InputFile.ReadText(path).ReplaceLineEndings("\n").Split('\n').Select((text, i) => (Text: text, Line: i + 1)).Where(x => !string.IsNullOrWhiteSpace(x.Text))
            .Select(x => new ContrastText($"{Path.GetFileName(path)}:{x.Line}", $"{Path.GetFileName(path)}:{x.Line}", isPositive, null, x.Text)).ToList();
        return texts.Count > 0 ? texts : throw new CapvecException($"{path}: there is no text in it; one a line was expected.");
    }

    private static IEnumerable<(int Line, Func<string, string?> Field)> JsonLines(string path, string text)
    {
        var line = 0;
        foreach (var row in text.ReplaceLineEndings("\n").Split('\n'))
        {
            line++;
            if (string.IsNullOrWhiteSpace(row))
                continue;
            Dictionary<string, JsonElement>? fields;
            try
            {
                fields = JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(row);
            }
            catch (JsonException e)
            {
                throw new CapvecException($"{path}:{line}: this is no JSON object ({e.Message}); expected {{\"positive\": \"...\", \"negative\": \"...\"}} on each line.", e);
            }

            yield return (line, key => fields?.TryGetValue(key, out var value) == true
                ? value.ValueKind is JsonValueKind.String or JsonValueKind.Null ? value.GetString() : throw new CapvecException($"{path}:{line}: '{key}' is {value.ValueKind}; text was expected.")
                : null);
        }
    }

    private static IEnumerable<(int Line, Func<string, string?> Field)> Csv(string path, string text)
    {
        using var reader = new CsvReader(new StringReader(text), new CsvConfiguration(CultureInfo.InvariantCulture) { MissingFieldFound = null, BadDataFound = null });
        if (!reader.Read() || !reader.ReadHeader() || !new[] { "positive", "negative" }.All(reader.HeaderRecord!.Contains))
            throw new CapvecException($"{path}:1: the heading line was expected to name the columns positive and negative.");
        while (reader.Read())
            yield return (reader.Parser.RawRow, key => reader.HeaderRecord!.Contains(key) ? reader.GetField(key) : null);
    }
}
