using System.Text.Json;
using Capvec.Experiments.Results;
using Capvec.Formats.Errors;

namespace Capvec.Experiments.Running;

/// <summary>Reads audit.json.</summary>
internal static class AuditFile
{
    /// <summary>The audit.</summary>
    /// <exception cref="CapvecException">The file is missing or not an audit.</exception>
    public static AuditResult Load(string path)
    {
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllText(path));
            var root = json.RootElement;
            return new(
                root.GetProperty("layer").GetInt32(),
                root.GetProperty("auc_held_out").GetDouble(),
                [.. root.GetProperty("findings").EnumerateArray().Select(finding => finding.GetString()!)],
                [.. root.GetProperty("facts").EnumerateArray().Select(fact => new AuditFact(
                    fact.GetProperty("fact").GetString()!, fact.GetProperty("separation").GetDouble(), fact.GetProperty("pairs").GetInt64(),
                    fact.GetProperty("auc_held_fixed") is { ValueKind: JsonValueKind.Number } left ? left.GetDouble() : null))]);
        }
        catch (Exception e) when (e is IOException or JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new CapvecException($"{path} cannot be read as an audit: {e.Message} Remove it and run the study again.", e);
        }
    }
}
