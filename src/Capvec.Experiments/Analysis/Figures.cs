using System.Globalization;
using Capvec.Experiments.Results;

namespace Capvec.Experiments.Analysis;

/// <summary>Figures as they stand in sentences.</summary>
internal static class Figures
{
    /// <summary>"49% (n=216)".</summary>
    public static string Rate(ArmResult arm) => string.Create(CultureInfo.InvariantCulture, $"{Percent(arm.Rate)} (n={arm.Trials})");

    /// <summary>"49%"; with a decimal where a whole number would hide that it is not 0 or 100.</summary>
    public static string Percent(double rate) => rate is > 0 and < 0.005 or > 0.995 and < 1
        ? (100 * rate).ToString("0.0", CultureInfo.InvariantCulture) + "%"
        : (100 * rate).ToString("0", CultureInfo.InvariantCulture) + "%";

    /// <summary>"+27 points [+16, +38]".</summary>
    public static string Difference(Comparison comparison, string unit = " points") =>
        $"{Points(comparison.PairedDifference)}{unit} [{Points(comparison.PairedInterval.Lower)}, {Points(comparison.PairedInterval.Upper)}]";

    /// <summary>"+27", in percentage points.</summary>
    public static string Points(double difference)
    {
        var points = Math.Round(100 * difference, MidpointRounding.AwayFromZero);
        return points == 0 ? "0" : points.ToString("+0;-0", CultureInfo.InvariantCulture);
    }

    /// <summary>"p = 0.013" or "p &lt; 0.0001".</summary>
    public static string P(double p) => p < 0.0001 ? "p < 0.0001" : string.Create(CultureInfo.InvariantCulture, $"p = {(p < 0.001 ? p.ToString("0.0000", CultureInfo.InvariantCulture) : p < 0.1 ? p.ToString("0.000", CultureInfo.InvariantCulture) : p.ToString("0.00", CultureInfo.InvariantCulture))}");

    /// <summary>"layer 3, strength 4"; the arm's name where the study writes its steering out.</summary>
    public static string Place(ArmResult arm) => arm.Strength is null ? $"'{arm.Name}'" : arm.Layers.Count == 1
        ? string.Create(CultureInfo.InvariantCulture, $"layer {arm.Layers[0]}, strength {arm.Strength:0.####}")
        : string.Create(CultureInfo.InvariantCulture, $"layers {string.Join(", ", arm.Layers)} at once, strength {arm.Strength:0.####}");
}
