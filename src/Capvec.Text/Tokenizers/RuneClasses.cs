using System.Globalization;

namespace Capvec.Text.Tokenizers;

/// <summary>
/// Looks characters up in a table generated from the Unicode Character Database, of the version that Oniguruma 6.9.10 has too, the expression engine of Hugging Face's tokenizers. Versions
/// differ only in characters that they add, so that other engines split all older text alike.
/// </summary>
internal static class RuneClasses
{
    private const int CodePoints = 0x110000;
    private static readonly RuneClass[] Classes = Read();

    /// <summary>The class of the character at a place of well-formed UTF-16, and its length in chars (0 at the end).</summary>
    public static RuneClass At(ReadOnlySpan<char> text, int at, out int length)
    {
        if ((uint)at >= (uint)text.Length)
        {
            length = 0;
            return RuneClass.End;
        }

        var first = text[at];
        if (!char.IsHighSurrogate(first) || at + 1 >= text.Length)
        {
            length = 1;
            return Classes[first];
        }

        length = 2;
        return Classes[char.ConvertToUtf32(first, text[at + 1])];
    }

    /// <summary>The class of a code point.</summary>
    public static RuneClass Of(int codePoint) => Classes[codePoint];

    private static RuneClass[] Read()
    {
        using var reader = new StreamReader(typeof(RuneClasses).Assembly.GetManifestResourceStream("Capvec.Text.Tokenizers.Unicode.classes.txt")!);
        var classes = new RuneClass[CodePoints];
        while (reader.ReadLine() is { } line)
        {
            if (line.Split(' ') is not [var first, var last, var name])
                continue;
            var value = name switch { "L" => RuneClass.Letter, "M" => RuneClass.Mark, "N" => RuneClass.Number, _ => RuneClass.Space };
            classes.AsSpan(int.Parse(first, NumberStyles.HexNumber, CultureInfo.InvariantCulture)..(int.Parse(last, NumberStyles.HexNumber, CultureInfo.InvariantCulture) + 1)).Fill(value);
        }

        return classes;
    }
}
