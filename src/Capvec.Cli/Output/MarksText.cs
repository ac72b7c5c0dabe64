using System.Text.Json.Nodes;
using Capvec.Agents.Traces;

namespace Capvec.Cli.Output;

/// <summary>Failure marks by the names that files use.</summary>
internal static class MarksText
{
    /// <summary>Those that were met, or "none".</summary>
    public static string Of(TrialMarks marks)
    {
        var met = Named(marks).Where(mark => mark.Count > 0).Select(mark => $"{mark.Name} {mark.Count}").ToList();
        return met.Count == 0 ? "none" : string.Join(", ", met);
    }

    /// <summary>All of them.</summary>
    public static JsonObject Json(TrialMarks marks) => new(Named(marks).Select(mark => KeyValuePair.Create<string, JsonNode?>(mark.Name, mark.Count)));

    private static (string Name, int Count)[] Named(TrialMarks marks) =>
    [
        ("parse_fail", marks.ParseFail), ("no_cmd", marks.NoCmd), ("early_done", marks.EarlyDone), ("length_cut", marks.LengthCut),
        ("refusal", marks.Refusal), ("loop", marks.Loop), ("timeout", marks.Timeout),
    ];
}
