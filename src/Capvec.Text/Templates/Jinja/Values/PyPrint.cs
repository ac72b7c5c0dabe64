using System.Globalization;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Text;
using Capvec.Text.Templates.Jinja.Evaluating;

namespace Capvec.Text.Templates.Jinja.Values;

/// <summary>Values as Python's str() and repr() write them.</summary>
internal static class PyPrint
{
    /// <summary>str(): what a print tag gives out.</summary>
    public static string Str(Evaluation run, object? value)
    {
        switch (value)
        {
            case string text:
                return text;
            case Undefined:
                return "";
            default:
                var printed = new StringBuilder();
                Append(run, printed, value);
                return run.Built(printed.ToString());
        }
    }

    /// <summary>repr(): as str(), but strings are quoted.</summary>
    public static string Repr(Evaluation run, object? value)
    {
        var printed = new StringBuilder();
        Append(run, printed, value);
        return run.Built(printed.ToString());
    }

    private static void Append(Evaluation run, StringBuilder printed, object? value)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        run.Step();
        switch (value)
        {
            case null:
                printed.Append("None");
                break;
            case bool flag:
                printed.Append(flag ? "True" : "False");
                break;
            case long number:
                printed.Append(CultureInfo.InvariantCulture, $"{number}");
                break;
            case BigInteger number:
                run.StepNumber(number.GetBitLength(), number.GetBitLength());
                printed.Append(CultureInfo.InvariantCulture, $"{number}");
                break;
            case double number:
                printed.Append(PyFloat.Print(number));
                break;
            case string text:
                run.Reserve(text.Length);
                AppendQuoted(printed, text);
                break;
            case PyRange range:
                printed.Append(range);
                break;
            case PyTuple { Items.Count: 1 } tuple:
                printed.Append('(');
                Append(run, printed, tuple.Items[0]);
                printed.Append(",)");
                break;
            case PyTuple tuple:
                AppendAll(run, printed, "(", tuple, ")");
                break;
            case PyView view:
                AppendAll(run, printed, $"{view.Name}([", view, "])");
                break;
            case PySequence list:
                AppendAll(run, printed, "[", list, "]");
                break;
            case PyDict dict:
                AppendDict(run, printed, dict);
                break;
            case Namespace space:
                printed.Append("<Namespace ");
                AppendDict(run, printed, space.Attributes);
                printed.Append('>');
                break;
            case Undefined:
                printed.Append("Undefined");
                break;
            default:
                // Python prints an address here, which is no text that a model should read.
                throw new JinjaException($"a {PyTypes.NameOf(value)} has no text{(value is PyIterator ? "; put |list behind it" : "")}");
        }
    }

    private static void AppendAll(Evaluation run, StringBuilder printed, string open, PySequence sequence, string close)
    {
        printed.Append(open);
        var first = true;
        foreach (var item in sequence.Items)
        {
            if (!first)
                printed.Append(", ");
            first = false;
            Append(run, printed, item);
        }

        printed.Append(close);
    }

    private static void AppendDict(Evaluation run, StringBuilder printed, PyDict dict)
    {
        printed.Append('{');
        var first = true;
        foreach (var (key, value) in dict.Entries)
        {
            if (!first)
                printed.Append(", ");
            first = false;
            Append(run, printed, key);
            printed.Append(": ");
            Append(run, printed, value);
        }

        printed.Append('}');
    }

    private static void AppendQuoted(StringBuilder printed, string text)
    {
        var quote = text.Contains('\'') && !text.Contains('"') ? '"' : '\'';
        printed.Append(quote);
        foreach (var rune in text.EnumerateRunes())
        {
            switch (rune.Value)
            {
                case '\n':
                    printed.Append("\\n");
                    break;
                case '\r':
                    printed.Append("\\r");
                    break;
                case '\t':
                    printed.Append("\\t");
                    break;
                case '\\':
                    printed.Append("\\\\");
                    break;
                case var value when value == quote:
                    printed.Append('\\').Append(quote);
                    break;
                case var _ when IsPrintable(rune):
                    printed.Append(rune.ToString());
                    break;
                case <= 0xFF:
                    printed.Append(CultureInfo.InvariantCulture, $"\\x{rune.Value:x2}");
                    break;
                case <= 0xFFFF:
                    printed.Append(CultureInfo.InvariantCulture, $"\\u{rune.Value:x4}");
                    break;
                default:
                    printed.Append(CultureInfo.InvariantCulture, $"\\U{rune.Value:x8}");
                    break;
            }
        }

        printed.Append(quote);
    }

    private static bool IsPrintable(Rune rune) => rune.Value == ' ' || Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator);
}
