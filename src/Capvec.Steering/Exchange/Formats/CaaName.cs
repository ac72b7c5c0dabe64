using System.Globalization;
using System.Text.RegularExpressions;

namespace Capvec.Steering.Exchange.Formats;

/// <summary>The file names of CAA (contrastive activation addition): <c>vec_layer_{L}_{model}.pt</c>, L a 0-based block.</summary>
internal static partial class CaaName
{
    /// <summary>Layer and model of a path; null where it is not named so.</summary>
    public static (int Layer, string Model)? Of(string path) => Pattern().Match(Path.GetFileName(path)) is { Success: true } match && int.TryParse(match.Groups["layer"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var layer)
        ? (layer, match.Groups["model"].Value)
        : null;

    [GeneratedRegex(@"^vec_layer_(?<layer>\d{1,4})_(?<model>.+)\.pt$", RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();
}
