using System.Globalization;
using System.Text.Json.Nodes;
using Capvec.Cli.Output;
using Capvec.Experiments.Screening;

namespace Capvec.Cli.Screening;

/// <summary>What a screen found, for people and for programs.</summary>
internal static class ScreenTable
{
    private static readonly string[] Heading = ["layer", "strength", "alpha", "effect", "95%", "traces", "solved", "failed", "difference", "KL", "entropy", "norm", "openings", ""];

    /// <summary>Prints every point, best first, the calibrated strengths, and what is proposed.</summary>
    public static void Print(ScreenResult result, CommandOutput output)
    {
        output.Table([Heading, .. result.Points.Select(Row)], heading: true);
        output.Line();
        output.Line("effect: predicted change of the pass rate in points, by importance weights, worth so many \"traces\"; solved, failed: change of their log-likelihood;");
        output.Line("difference: solved less failed, 95%; these, KL and entropy in nats a token; openings: of marked replies of failed traces, in nats a reply");
        if (result.IsoKl.Count > 0)
        {
            output.Line();
            output.Line($"strengths that give a KL of {result.TargetKl:0.###}, best effect first");
            output.Table([Heading, .. result.IsoKl.Select(Row)], heading: true);
        }

        output.Line();
        foreach (var window in result.Windows())
            output.Line($"layer {window.Layer}: an effect is seen at strengths {window.Lowest:0.####} to {window.Highest:0.####} with KL at or below {result.KlBound:0.###}");
        output.Line(result.Proposals() is { Count: > 0 } proposals
            ? $"proposed: {string.Join(", ", proposals.Select(p => $"layer {p.Layer} at {p.Strength:0.####}"))}"
            : $"proposed: nothing; at no point is an effect seen with KL at or below {result.KlBound:0.###}");
    }

    /// <summary>The proposals and every point.</summary>
    public static JsonObject Json(ScreenResult result, string path) => new()
    {
        ["out"] = Path.GetFullPath(path),
        ["solved"] = result.Solved,
        ["failed"] = result.Failed,
        ["tasks"] = result.Tasks,
        ["unit"] = result.Unit,
        ["kl_bound"] = result.KlBound,
        ["proposals"] = new JsonArray([.. result.Proposals().Select(Json)]),
        ["points"] = new JsonArray([.. result.Points.Select(Json)]),
        ["iso_kl"] = new JsonArray([.. result.IsoKl.Select(Json)]),
    };

    private static string[] Row(ScreenPoint p) =>
    [
        $"{p.Layer}", $"{p.Strength:0.####}", $"{p.Alpha:0.##}", $"{Signed(100 * p.Effect, "0.0")}", $"{Signed(100 * p.EffectInterval.Lower, "0.0")} to {Signed(100 * p.EffectInterval.Upper, "0.0")}", $"{p.EffectiveTraces:0}",
        $"{Signed(p.Solved, "0.0000")}", $"{Signed(p.Failed, "0.0000")}", $"{Signed(p.DifferenceInterval.Lower, "0.0000")} to {Signed(p.DifferenceInterval.Upper, "0.0000")}", $"{p.Kl:0.0000}", $"{Signed(p.EntropyChange, "0.0000")}", $"{Signed(p.NormGrowth, "0%")}",
        string.Join(" ", p.Openings.Select(o => $"{o.Key} {Signed(o.Value.Change, "0.00")} ({o.Value.Replies})")), p.InWindow ? "in window" : "",
    ];

    /// <summary>With its sign; what rounds to zero has none.</summary>
    private static string Signed(double value, string digits)
    {
        var text = Math.Abs(value).ToString(digits, CultureInfo.InvariantCulture);
        return text == 0.0.ToString(digits, CultureInfo.InvariantCulture) ? text : value < 0 ? $"-{text}" : $"+{text}";
    }

    private static JsonNode Json(ScreenPoint p) => new JsonObject
    {
        ["layer"] = p.Layer,
        ["strength"] = p.Strength,
        ["alpha"] = p.Alpha,
        ["effect"] = p.Effect,
        ["effect_interval"] = new JsonArray(p.EffectInterval.Lower, p.EffectInterval.Upper),
        ["effective_traces"] = p.EffectiveTraces,
        ["solved"] = p.Solved,
        ["failed"] = p.Failed,
        ["difference_interval"] = new JsonArray(p.DifferenceInterval.Lower, p.DifferenceInterval.Upper),
        ["kl"] = p.Kl,
        ["entropy_change"] = p.EntropyChange,
        ["norm_growth"] = p.NormGrowth,
        ["openings"] = new JsonObject(p.Openings.Select(o => KeyValuePair.Create<string, JsonNode?>(o.Key, new JsonObject { ["change"] = o.Value.Change, ["replies"] = o.Value.Replies }))),
        ["in_window"] = p.InWindow,
    };
}
