using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Capvec.Agents.Traces;

/// <summary>Says what is wrong with a trace in words of the format: the serializer's own messages speak of its types.</summary>
internal static partial class TraceJsonError
{
    /// <summary>The field and what is wrong with it.</summary>
    public static string Describe(JsonException e)
    {
        var field = e.Path is null or "$" ? "the top level" : e.Path.StartsWith("$.", StringComparison.Ordinal) ? e.Path[2..] : e.Path;
        if (e.Message.Contains("could not be mapped", StringComparison.Ordinal))
            return $"{field} is a key that does not belong there";
        if (e.Message.Contains("doesn't allow setting null", StringComparison.Ordinal))
            return $"{field} is null, which it cannot be";
        if (Missing().Match(e.Message) is { Success: true } missing)
            return $"{field} lacks {missing.Groups[1].Value}";
        if (Wrong().Match(e.Message) is { Success: true } wrong)
            return $"{field} is not {KindOf(wrong.Groups[1].Value)}";
        if (e.Message.Contains("Duplicate property", StringComparison.Ordinal))
            return $"{field} stands there twice";
        var line = string.Create(CultureInfo.InvariantCulture, $"{(e.LineNumber ?? 0) + 1}");
        return $"{field} is no valid JSON in line {line}, or ends too early";
    }

    private static string KindOf(string type)
    {
        // "System.Single", and "System.Nullable`1[System.Single]" for what may be left out.
        var name = type[(type.LastIndexOf('.') + 1)..].TrimEnd(']');
        if (type.Contains("Generic.", StringComparison.Ordinal))
            return "a list";
        return name switch
        {
            "String" => "a text",
            "Single" or "Double" => "a number",
            "Int32" or "Int64" or "UInt64" => "a whole number that fits",
            "Boolean" => "true or false",
            "DateTimeOffset" => "a time in ISO 8601",
            nameof(StepSource) => "system, user or agent",
            nameof(StopReason) => string.Join(", ", Enum.GetNames<StopReason>().Select(JsonNamingPolicy.SnakeCaseLower.ConvertName)),
            _ => "what belongs there",
        };
    }

    [GeneratedRegex("missing required properties including: (.*?)\\.( Path|$)")]
    private static partial Regex Missing();

    [GeneratedRegex(@"could not be converted to (.*?)\.( Path|$)")]
    private static partial Regex Wrong();
}
