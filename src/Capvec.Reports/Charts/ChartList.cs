using System.Text.Json;
using Capvec.Experiments.Results;
using Capvec.Reports.Markup;

namespace Capvec.Reports.Charts;

/// <summary>Collects the charts of a page: each becomes an empty figure that the page's script fills from the data at the page's end.</summary>
internal sealed class ChartList
{
    // The default encoder writes <, >, & and quotes as \u escapes, so the data cannot end its script element.
    private static readonly JsonSerializerOptions Options = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    private readonly List<object> _charts = [];

    /// <summary>The place of a chart in the page.</summary>
    /// <param name="chart">The data.</param>
    /// <param name="label">What it shows, in words, for those who cannot see it.</param>
    public Html Add(object chart, string label)
    {
        _charts.Add(chart);
        return Html.Of($"""<div class="plot" data-chart="{_charts.Count - 1}" role="img" aria-label="{label}"></div>""");
    }

    /// <summary>The charts' data as JSON that may stand in a script element.</summary>
    public string ToJson() => JsonSerializer.Serialize(_charts, Options);

    /// <summary>The script's name of a kind of arm; the style sheet's colours have the same names.</summary>
    public static string KindName(ArmKind kind) => kind switch
    {
        ArmKind.Base => "base",
        ArmKind.AgainstItself => "against-itself",
        ArmKind.Adapter => "adapter",
        ArmKind.Steered => "steered",
        ArmKind.AlphaZero => "alpha-zero",
        ArmKind.Random => "random",
        ArmKind.Negative => "negative",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "unknown kind of arm"),
    };

    /// <summary>JSON has no NaN; what is no number is null.</summary>
    public static double? Finite(double value) => double.IsFinite(value) ? value : null;
}
