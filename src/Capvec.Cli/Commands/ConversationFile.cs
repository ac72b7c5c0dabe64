using System.Text.Json;
using Capvec.Formats.Errors;

namespace Capvec.Cli.Commands;

/// <summary>Messages and tools as JSON, as chat templates read them: nothing in them is left out.</summary>
/// <param name="Messages">A list of objects, each with a role.</param>
/// <param name="Tools">A list of tools, or null.</param>
internal sealed record ConversationFile(JsonElement Messages, JsonElement? Tools)
{
    /// <summary>One message of the user.</summary>
    public static ConversationFile Of(string prompt) => new(JsonSerializer.SerializeToElement(new[] { new { role = "user", content = prompt } }), null);

    /// <summary>Reads a list of messages, or an object with <c>messages</c> and perhaps <c>tools</c>, as a request to a server has them.</summary>
    /// <param name="text">JSON.</param>
    /// <param name="source">Where it is from, for errors.</param>
    /// <exception cref="CapvecException">It is something else.</exception>
    public static ConversationFile Parse(string text, string source)
    {
        var root = Json(text, source);
        JsonElement? tools = null;
        if (root.ValueKind == JsonValueKind.Object)
        {
            foreach (var field in root.EnumerateObject().Where(field => field.Name is not ("messages" or "tools")))
                throw Wrong($"{source}: {field.Name} is not known; messages and tools were expected, and other variables of the template are given with --set");
            if (!root.TryGetProperty("messages", out var messages))
                throw Wrong($"{source}: messages is missing; expected a list of objects with role and content");
            if (root.TryGetProperty("tools", out var list) && list.ValueKind != JsonValueKind.Null)
                tools = List(list, $"{source}: tools");
            root = messages;
        }

        var number = 0;
        foreach (var message in List(root, $"{source}: messages").EnumerateArray())
        {
            var where = $"{source}: message {++number}";
            if (!message.TryGetProperty("role", out var role) || role.ValueKind != JsonValueKind.String)
                throw Wrong($"{where} has no role; expected a text such as user or assistant");
            if (message.TryGetProperty("content", out var content) && content.ValueKind is not (JsonValueKind.String or JsonValueKind.Array or JsonValueKind.Null))
                throw Wrong($"{where}: content is {content.ValueKind}; expected a text, a list of parts, or null");
        }

        return new ConversationFile(root, tools);
    }

    /// <summary>The same with a list of tools.</summary>
    /// <param name="text">JSON.</param>
    /// <param name="source">Where it is from, for errors.</param>
    /// <exception cref="CapvecException">It is no list of objects, or there are tools already.</exception>
    public ConversationFile With(string text, string source) => Tools is null
        ? this with { Tools = List(Json(text, source), source) }
        : throw Wrong($"{source}: the messages' file has tools already; give them once");

    private static JsonElement Json(string text, string source)
    {
        try
        {
            return JsonElement.Parse(text, new JsonDocumentOptions { AllowDuplicateProperties = false });
        }
        catch (JsonException e)
        {
            throw Wrong($"{source} line {(e.LineNumber ?? 0) + 1}: not valid JSON, or a key stands twice; expected a list of objects, in UTF-8", e);
        }
    }

    private static JsonElement List(JsonElement value, string what) =>
        value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(one => one.ValueKind == JsonValueKind.Object) ? value : throw Wrong($"{what}: a list of objects was expected");

    private static CapvecException Wrong(string message, Exception? inner = null) => new($"{message}.", inner, CapvecException.WrongUsage);
}
