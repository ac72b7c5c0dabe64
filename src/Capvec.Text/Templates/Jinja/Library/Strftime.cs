using System.Globalization;
using System.Text;

namespace Capvec.Text.Templates.Jinja.Library;

/// <summary>Python's strftime in the C locale.</summary>
internal static class Strftime
{
    /// <summary>A time as text; a directive that is not known is an error and no guess.</summary>
    public static string Format(DateTimeOffset time, string format)
    {
        var text = new StringBuilder();
        for (var at = 0; at < format.Length; at++)
        {
            if (format[at] != '%' || at + 1 >= format.Length)
            {
                text.Append(format[at]);
                continue;
            }

            // glibc's minus takes leading zeros away.
            var bare = format[++at] == '-' && at + 1 < format.Length;
            var directive = Directive(time, bare ? format[++at] : format[at]);
            text.Append(bare && directive.TrimStart('0', ' ') is { Length: > 0 } trimmed ? trimmed : directive);
        }

        return text.ToString();
    }

    private static string Directive(DateTimeOffset time, char directive)
    {
        string Net(string pattern) => time.ToString(pattern, CultureInfo.InvariantCulture);
        string Number(int value, int digits) => value.ToString(CultureInfo.InvariantCulture).PadLeft(digits, '0');
        return directive switch
        {
            'a' => Net("ddd"),
            'A' => Net("dddd"),
            'b' or 'h' => Net("MMM"),
            'B' => Net("MMMM"),
            'c' => $"{Net("ddd MMM")} {time.Day.ToString(CultureInfo.InvariantCulture),2} {Net("HH:mm:ss yyyy")}",
            'd' => Net("dd"),
            'D' or 'x' => Net("MM'/'dd'/'yy"),
            'e' => time.Day.ToString(CultureInfo.InvariantCulture).PadLeft(2),
            'f' => Net("ffffff"),
            'F' => Net("yyyy-MM-dd"),
            'G' => Number(ISOWeek.GetYear(time.DateTime), 4),
            'H' => Net("HH"),
            'I' => Net("hh"),
            'j' => Number(time.DayOfYear, 3),
            'm' => Net("MM"),
            'M' => Net("mm"),
            'n' => "\n",
            'p' => Net("tt"),
            'R' => Net("HH:mm"),
            's' => time.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
            'S' => Net("ss"),
            't' => "\t",
            'T' or 'X' => Net("HH:mm:ss"),
            'u' => Number(time.DayOfWeek == DayOfWeek.Sunday ? 7 : (int)time.DayOfWeek, 1),
            'U' => Number((time.DayOfYear + 6 - (int)time.DayOfWeek) / 7, 2),
            'V' => Number(ISOWeek.GetWeekOfYear(time.DateTime), 2),
            'w' => Number((int)time.DayOfWeek, 1),
            'W' => Number((time.DayOfYear + 6 - (((int)time.DayOfWeek + 6) % 7)) / 7, 2),
            'y' => Net("yy"),
            'Y' => Net("yyyy"),
            // datetime.now() knows no zone, and so prints none.
            'z' or 'Z' => "",
            '%' => "%",
            _ => throw new JinjaException($"strftime_now does not know %{directive}"),
        };
    }
}
