using System.Text.Json;
using Capvec.Tests;
using Capvec.Text.Templates;

namespace Capvec.Agents.Tests;

/// <summary>A conversation that the phantom's reference recipe recorded.</summary>
internal sealed record Episode(string Name, IReadOnlyList<ChatMessage> Messages, int[] Ids, int[] Own)
{
    /// <summary>The instruction, from between the first message's fixed parts.</summary>
    public string Instruction
    {
        get
        {
            var first = Messages[0].Content;
            var start = first.IndexOf("\n\nTask:\n", StringComparison.Ordinal) + 8;
            return first[start..first.LastIndexOf("\n\nTerminal:\n", StringComparison.Ordinal)];
        }
    }

    /// <summary>Twelve episodes with their ids and the places of the agent's own tokens.</summary>
    public static IEnumerable<Episode> Goldens() => Read(Repository.File("tests", "fixtures", "agents", "episodes.jsonl"));

    /// <summary>Episodes of a JSON-lines file; those without ids have none.</summary>
    public static IEnumerable<Episode> Read(string path)
    {
        var line = 0;
        foreach (var text in File.ReadLines(path))
        {
            using var row = JsonDocument.Parse(text);
            var root = row.RootElement;
            yield return new(
                root.TryGetProperty("id", out var id) ? id.GetString()! : $"{Path.GetFileName(path)}:{++line}",
                [.. root.GetProperty("messages").EnumerateArray().Select(m => new ChatMessage(m.GetProperty("role").GetString()!, m.GetProperty("content").GetString()!))],
                Numbers(root, "ids"),
                Numbers(root, "own"));
        }
    }

    private static int[] Numbers(JsonElement row, string name) => row.TryGetProperty(name, out var numbers) ? [.. numbers.EnumerateArray().Select(n => n.GetInt32())] : [];
}
