using System.Text.Json;
using Capvec.Formats.Errors;

namespace Capvec.Reports.Transcripts;

/// <summary>Reads from an ATIF trace what a transcript shows. Steps of the agent are turns; the first message before them is the prompt.</summary>
internal static class AtifReader
{
    /// <summary>Reads a trace of a study.</summary>
    /// <param name="folder">The study's output folder.</param>
    /// <param name="tracePath">The file, relative to it.</param>
    /// <exception cref="CapvecException">The file is missing, lies outside the folder or is no ATIF trace.</exception>
    public static Transcript Read(string folder, string tracePath)
    {
        var root = Path.GetFullPath(folder);
        var path = Path.GetFullPath(Path.Combine(root, tracePath));
        if (tracePath.Length == 0 || !path.StartsWith(root + Path.DirectorySeparatorChar, StringComparison.Ordinal))
            throw new CapvecException($"the trace {tracePath} is not inside the study's folder {folder}; a study's traces are expected below it. Run the study again.");
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            return Read(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new CapvecException($"the trace {path} cannot be read: {e.Message.TrimEnd('.')}; an ATIF JSON file was expected. Run the study again to write it anew.", e);
        }
    }

    private static Transcript Read(JsonElement root)
    {
        var prompt = "";
        var turns = new List<TranscriptTurn>();
        foreach (var step in root.GetProperty("steps").EnumerateArray())
        {
            var source = step.GetProperty("source").GetString();
            if (source == "agent")
                turns.Add(Turn(step));
            else if (turns.Count == 0)
                prompt = prompt.Length == 0 ? Text(step, "message") : prompt + "\n" + Text(step, "message");
        }

        return new Transcript(prompt, turns);
    }

    private static TranscriptTurn Turn(JsonElement step)
    {
        var reply = Text(step, "message");
        var commands = new List<string>();
        var done = false;
        if (step.TryGetProperty("tool_calls", out var calls) && calls.ValueKind == JsonValueKind.Array)
        {
            foreach (var call in calls.EnumerateArray())
            {
                var arguments = call.TryGetProperty("arguments", out var a) ? a : default;
                if (arguments.ValueKind == JsonValueKind.Object && arguments.TryGetProperty("keystrokes", out var keys))
                    commands.Add(keys.GetString() ?? "");
                else if (call.GetProperty("function_name").GetString() == "mark_task_complete")
                    done = true;
            }
        }

        var terminal = new List<string>();
        if (step.TryGetProperty("observation", out var observation) && observation.TryGetProperty("results", out var results))
            terminal.AddRange(results.EnumerateArray().Select(r => Text(r, "content")));

        var ids = new List<int>();
        if (step.TryGetProperty("metrics", out var metrics) && metrics.TryGetProperty("completion_token_ids", out var list) && list.ValueKind == JsonValueKind.Array)
            ids.AddRange(list.EnumerateArray().Select(i => i.GetInt32()));

        var (fields, marked) = Fields(reply);
        return new TranscriptTurn(reply, fields, commands, done || marked, string.Join('\n', terminal), ids);
    }

    // A message is a text or a list of parts with a text each.
    private static string Text(JsonElement owner, string name)
    {
        if (!owner.TryGetProperty(name, out var value))
            return "";
        return value.ValueKind switch
        {
            JsonValueKind.String => value.GetString() ?? "",
            JsonValueKind.Array => string.Join('\n', value.EnumerateArray().Select(p => Text(p, "text"))),
            _ => "",
        };
    }

    private static (IReadOnlyList<KeyValuePair<string, string>> Fields, bool Done) Fields(string reply)
    {
        var start = reply.IndexOf('{', StringComparison.Ordinal);
        if (start < 0)
            return ([], false);
        var reader = new Utf8JsonReader(System.Text.Encoding.UTF8.GetBytes(reply[start..]), isFinalBlock: true, state: default);
        try
        {
            using var document = JsonDocument.ParseValue(ref reader);
            var fields = document.RootElement.EnumerateObject().Where(p => p.Name is "analysis" or "plan" && p.Value.ValueKind == JsonValueKind.String)
                .Select(p => KeyValuePair.Create(p.Name, p.Value.GetString() ?? "")).ToList();
            var done = document.RootElement.TryGetProperty("task_complete", out var complete) && complete.ValueKind == JsonValueKind.True;
            return (fields.Count == 2 ? fields : [], done);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return ([], false);
        }
    }
}
