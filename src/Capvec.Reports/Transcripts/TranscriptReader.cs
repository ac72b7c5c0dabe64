using System.Text;
using System.Text.Json;
using Capvec.Agents.Traces;
using Capvec.Formats.Errors;

namespace Capvec.Reports.Transcripts;

/// <summary>Reads from a trial's trace what a transcript shows. Steps of the agent are turns; what was said before them is the prompt.</summary>
internal static class TranscriptReader
{
    /// <summary>Reads a trace of a study.</summary>
    /// <param name="folder">The study's output folder.</param>
    /// <param name="tracePath">The file, relative to it.</param>
    /// <exception cref="CapvecException">The file is missing, lies outside the folder or is no ATIF trace.</exception>
    public static Transcript Read(string folder, string tracePath)
    {
        var root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        var path = Path.GetFullPath(Path.Combine(root, tracePath));
        if (tracePath.Length == 0 || !path.StartsWith(root + Path.DirectorySeparatorChar, StringComparison.Ordinal))
            throw new CapvecException($"the trace {tracePath} is not inside the study's folder {folder}, where a study's traces are expected. Run the study again.");

        var trace = TraceReader.Load(path);
        var prompt = string.Join('\n', trace.Steps.TakeWhile(s => s.Source != StepSource.Agent).Select(s => s.Message));
        return new Transcript(prompt, [.. trace.Steps.Where(s => s.Source == StepSource.Agent).Select(Turn)], trace.Extra?.Capvec?.VerifierOutput ?? "");
    }

    private static TranscriptTurn Turn(Step step)
    {
        var commands = new List<string>();
        var done = false;
        foreach (var call in step.ToolCalls ?? [])
        {
            if (call.Arguments.TryGetProperty("keystrokes", out var keys) && keys.ValueKind == JsonValueKind.String)
                commands.Add(keys.GetString()!);
            else
                done |= call.FunctionName == "mark_task_complete";
        }

        var terminal = string.Join('\n', (step.Observation?.Results ?? []).Select(r => r.Content).Where(c => c is not null));
        var note = step.Extra?.Capvec;
        return new TranscriptTurn(step.Message, Fields(step.Message), commands, done, terminal, step.Metrics?.CompletionTokenIds ?? [],
            step.Metrics?.Logprobs is { Count: > 0 } logprobs ? logprobs.Sum(p => (double)p) : null, note?.Marks ?? [], note?.ParseError);
    }

    /// <summary>The reply's analysis and plan, where it is an object that has both as texts; else nothing, and the reply is shown as written.</summary>
    private static IReadOnlyList<KeyValuePair<string, string>> Fields(string reply)
    {
        var start = reply.IndexOf('{', StringComparison.Ordinal);
        if (start < 0)
            return [];
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(reply[start..]));
        try
        {
            using var document = JsonDocument.ParseValue(ref reader);
            var fields = new List<KeyValuePair<string, string>>();
            foreach (var name in new[] { "analysis", "plan" })
            {
                if (!document.RootElement.TryGetProperty(name, out var value) || value.ValueKind != JsonValueKind.String)
                    return [];
                fields.Add(KeyValuePair.Create(name, value.GetString()!));
            }

            return fields;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Not JSON, or JSON with half a surrogate pair: what stands there is shown as it is.
            return [];
        }
    }
}
