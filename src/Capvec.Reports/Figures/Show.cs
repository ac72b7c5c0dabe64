using System.Globalization;
using Capvec.Experiments.Results;

namespace Capvec.Reports.Figures;

/// <summary>How figures are written, the same in the page, in the charts and in the markdown files.</summary>
internal static class Show
{
    /// <summary>What stands where there is no figure.</summary>
    public const string None = "–";

    /// <summary>A share of 1 as a percentage with one decimal: 49.0%. Exact ends are 0% and 100%; what rounds to them without being them is &lt;0.1% or &gt;99.9%.</summary>
    public static string Percent(double share) => share switch
    {
        double.NaN => None,
        0 => "0%",
        1 => "100%",
        > 0 and < 0.0005 => "<0.1%",
        < 1 and >= 0.9995 => ">99.9%",
        _ => Fixed(share * 100, 1) + "%",
    };

    /// <summary>A difference of shares in percentage points with its sign: +27.5.</summary>
    public static string Points(double difference) => double.IsNaN(difference) ? None : Signed(Fixed(difference * 100, 1));

    /// <summary>An interval of shares: 45.8–52.1%.</summary>
    public static string Percent(Interval interval) => double.IsNaN(interval.Lower) || double.IsNaN(interval.Upper)
        ? None
        : $"{Fixed(interval.Lower * 100, 1)}–{Fixed(interval.Upper * 100, 1)}%";

    /// <summary>An interval of differences in percentage points: −3.1 to +4.2.</summary>
    public static string Points(Interval interval) => double.IsNaN(interval.Lower) || double.IsNaN(interval.Upper)
        ? None
        : $"{Points(interval.Lower)} to {Points(interval.Upper)}";

    /// <summary>A p value with three significant digits and at most four decimals, or &lt; 0.001.</summary>
    public static string P(double p) => p switch
    {
        double.NaN => None,
        < 0.001 => "< 0.001",
        < 0.01 => Fixed(p, 4),
        >= 0.9995 => "1.00",
        _ => Significant(p),
    };

    /// <summary>A p value in a sentence: "p = 0.0214" or "p &lt; 0.001".</summary>
    public static string PSentence(double p) => p < 0.001 ? "p < 0.001" : $"p = {P(p)}";

    /// <summary>Three significant digits without an exponent for everyday sizes: 0.936, 11.7, 122.</summary>
    public static string Significant(double value)
    {
        if (double.IsNaN(value))
            return None;
        if (value == 0)
            return "0";
        var digits = 2 - (int)Math.Floor(Math.Log10(Math.Abs(value)));
        if (digits > 6)
            return Minus(value.ToString("0.00e0", CultureInfo.InvariantCulture));
        return digits >= 0 ? Fixed(value, digits) : Fixed(Math.Round(value / Math.Pow(10, -digits)) * Math.Pow(10, -digits), 0);
    }

    /// <summary>An AUC with three decimals.</summary>
    public static string Auc(double auc) => double.IsNaN(auc) ? None : Fixed(auc, 3);

    /// <summary>A finding as a sentence of its own.</summary>
    public static string Sentence(string finding) => finding.Length == 0 ? finding : $"{char.ToUpperInvariant(finding[0])}{finding[1..]}.";

    /// <summary>A strength or alpha as the study wrote it, at most four significant digits, with a real minus sign.</summary>
    public static string Strength(double? strength) => strength is { } s ? Minus(s.ToString("G4", CultureInfo.InvariantCulture)) : None;

    /// <summary>A whole number with thousands separated: 1,440.</summary>
    public static string Count(long count) => count.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>A whole number followed by a noun in the right number: "1 trial", "2 trials".</summary>
    public static string Count(long count, string noun) => $"{Count(count)} {noun}{(count == 1 ? "" : "s")}";

    /// <summary>Layers as "3", "4–10" or "3, 7, 11".</summary>
    public static string Layers(IReadOnlyList<int> layers)
    {
        if (layers.Count == 0)
            return None;
        var parts = new List<string>();
        for (var i = 0; i < layers.Count;)
        {
            var j = i;
            while (j + 1 < layers.Count && layers[j + 1] == layers[j] + 1)
                j++;
            parts.Add(j - i >= 2 ? string.Create(CultureInfo.InvariantCulture, $"{layers[i]}–{layers[j]}") : string.Join(", ", layers.Skip(i).Take(j - i + 1)));
            i = j + 1;
        }

        return string.Join(", ", parts);
    }

    /// <summary>A name for a narrow place: a long one is shortened in its middle, because names of arms differ at their ends as often as at their beginnings.</summary>
    public static string Short(string name, int most = 34)
    {
        var letters = StringInfo.ParseCombiningCharacters(name);
        return letters.Length <= most ? name : $"{name[..letters[(most + 1) / 2]]}…{name[letters[letters.Length - (most / 2) + 1]..]}";
    }

    /// <summary>What an arm is, in words.</summary>
    public static string Kind(ArmKind kind) => kind switch
    {
        ArmKind.Base => "base",
        ArmKind.AgainstItself => "base again (A/A)",
        ArmKind.Adapter => "adapter",
        ArmKind.Steered => "steered",
        ArmKind.AlphaZero => "alpha 0",
        ArmKind.Random => "random direction",
        ArmKind.Negative => "reversed direction",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "unknown kind of arm"),
    };

    /// <summary>The unit of strengths, in words.</summary>
    public static string Unit(string strengthUnit) => strengthUnit switch
    {
        "residual" => "residual units",
        "difference" => "lengths of the mean difference",
        "norm" => "mean residual norms",
        _ => strengthUnit,
    };

    private static string Fixed(double value, int decimals)
    {
        var text = value.ToString("F" + decimals.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
        return Minus(text.Trim('-', '0', '.').Length == 0 ? text.TrimStart('-') : text);
    }

    private static string Minus(string text) => text.Replace('-', '−');

    private static string Signed(string text) => text[0] == '−' || text.Trim('0', '.').Length == 0 ? text : "+" + text;
}
