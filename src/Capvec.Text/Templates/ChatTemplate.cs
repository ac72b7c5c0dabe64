using System.Text.Json;
using Capvec.Formats.Errors;
using Capvec.Formats.Files;
using Capvec.Formats.Gguf;
using Capvec.Text.Json;
using Capvec.Text.Templates.Jinja;

namespace Capvec.Text.Templates;

/// <summary>A model's chat template (a Jinja subset), compiled once. Thread-safe.</summary>
public sealed class ChatTemplate
{
    private static readonly string[] SpecialTokens = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"];

    private readonly JinjaTemplate _template;
    private readonly IReadOnlyDictionary<string, object?> _tokens;
    private readonly TimeProvider? _time;

    private ChatTemplate(string source, JinjaTemplate template, IReadOnlyDictionary<string, object?> tokens, TimeProvider? time) =>
        (Source, _template, _tokens, _time) = (source, template, tokens, time);

    /// <summary>The template's text.</summary>
    public string Source { get; }

    /// <summary>
    /// Loads chat_template.jinja, or the template inside tokenizer_config.json, of a model folder, with the special tokens of the latter as variables; or the
    /// template and special tokens of a GGUF file.
    /// </summary>
    /// <param name="path">The model folder or the .gguf file.</param>
    /// <param name="time">The clock that a template is told the date by; the system's where null.</param>
    /// <param name="limits">What the template may use; generous defaults where null.</param>
    /// <exception cref="CapvecException">There is no template, or it cannot be read.</exception>
    public static ChatTemplate Load(string path, TimeProvider? time = null, JinjaLimits? limits = null)
    {
        if (GgufFile.IsNamed(path))
            return LoadGguf(path, time, limits);
        var configPath = Path.Combine(path, "tokenizer_config.json");
        JsonField? config = File.Exists(configPath) ? JsonField.Read(configPath) : null;
        var (source, name) = Find(path, config)
            ?? throw new CapvecException($"{path} has no chat template: neither chat_template.jinja nor a chat_template in tokenizer_config.json; base models have none, use an instruct model or add the file");
        if (string.IsNullOrWhiteSpace(source))
            throw new CapvecException($"{name} is empty, so that the model would read nothing of a conversation; fetch the file again");
        var tokens = new Dictionary<string, object?>();
        foreach (var token in SpecialTokens)
        {
            if (config?[token] is { IsMissing: false } field)
                tokens[token] = TokenText(field);
        }

        return new ChatTemplate(source, JinjaTemplate.Parse(source, name, limits), tokens, time);
    }

    /// <summary>The text of a model folder's template, not compiled; null where it has none.</summary>
    /// <exception cref="CapvecException">A file cannot be read.</exception>
    public static string? FindSource(string folder)
    {
        var configPath = Path.Combine(folder, "tokenizer_config.json");
        return Find(folder, File.Exists(configPath) ? JsonField.Read(configPath) : null)?.Source;
    }

    /// <summary>Makes a template from its text.</summary>
    /// <param name="source">The template.</param>
    /// <param name="name">Where it comes from, for messages.</param>
    /// <param name="variables">Variables that each rendering has, such as bos_token.</param>
    /// <param name="time">The clock that a template is told the date by; the system's where null.</param>
    /// <param name="limits">What the template may use; generous defaults where null.</param>
    /// <exception cref="CapvecException">It is no well-formed template.</exception>
    public static ChatTemplate Parse(
        string source, string name, IReadOnlyDictionary<string, object?>? variables = null, TimeProvider? time = null, JinjaLimits? limits = null) =>
        new(source, JinjaTemplate.Parse(source, name, limits), variables ?? new Dictionary<string, object?>(), time);

    /// <summary>Messages to the text the model reads.</summary>
    /// <param name="messages">The conversation.</param>
    /// <param name="addGenerationPrompt">Whether the text ends with the opening of the assistant's reply.</param>
    /// <param name="variables">Further variables of the template, such as enable_thinking, or tools.</param>
    /// <exception cref="CapvecException">The template refuses the conversation or fails.</exception>
    public string Render(IReadOnlyList<ChatMessage> messages, bool addGenerationPrompt, IReadOnlyDictionary<string, object?>? variables = null)
    {
        ArgumentNullException.ThrowIfNull(messages);
        return Render([.. messages.Select(Fields)], null, addGenerationPrompt, variables);
    }

    /// <summary>Messages as raw JSON to the text the model reads. Nothing is checked or changed, but that <c>reasoning</c> or <c>thinking</c> is copied to <c>reasoning_content</c> where that is missing.</summary>
    /// <param name="messages">A list of objects with role, content and whatever else the template reads.</param>
    /// <param name="addGenerationPrompt">Whether the text ends with the opening of the assistant's reply.</param>
    /// <param name="tools">A list of tools in OpenAI's form, or null.</param>
    /// <param name="variables">Further variables of the template, such as enable_thinking.</param>
    /// <exception cref="CapvecException">The messages are no list of objects, or the template refuses them or fails.</exception>
    public string Render(JsonElement messages, bool addGenerationPrompt, JsonElement? tools = null, IReadOnlyDictionary<string, object?>? variables = null)
    {
        if (messages.ValueKind != JsonValueKind.Array)
            throw new CapvecException($"messages are {messages.ValueKind}, where a list of objects with role and content was expected");
        return Render([.. messages.EnumerateArray().Select(Fields)], tools, addGenerationPrompt, variables);
    }

    private string Render(List<Dictionary<string, object?>> messages, object? tools, bool addGenerationPrompt, IReadOnlyDictionary<string, object?>? variables)
    {
        var all = new Dictionary<string, object?>(_tokens)
        {
            ["messages"] = messages,
            ["tools"] = tools is JsonElement { ValueKind: JsonValueKind.Undefined } ? null : tools,
            ["documents"] = null,
            ["add_generation_prompt"] = addGenerationPrompt,
        };
        foreach (var (name, value) in variables ?? new Dictionary<string, object?>())
            all[name] = value;
        return _template.Render(all, _time);
    }

    private static Dictionary<string, object?> Fields(ChatMessage message)
    {
        var fields = new Dictionary<string, object?> { ["role"] = message.Role, ["content"] = message.Content };
        if (message.Reasoning is not null)
            fields["reasoning_content"] = message.Reasoning;
        if (message.ToolCalls.Count > 0)
            fields["tool_calls"] = message.ToolCalls.Select(Fields).ToList();
        if (message.ToolCallId is not null)
            fields["tool_call_id"] = message.ToolCallId;
        if (message.Name is not null)
            fields["name"] = message.Name;
        return fields;
    }

    private static Dictionary<string, object?> Fields(ToolCall call)
    {
        var fields = new Dictionary<string, object?>
        {
            ["type"] = "function",
            ["function"] = new Dictionary<string, object?> { ["name"] = call.Name, ["arguments"] = call.Arguments },
        };
        if (call.Id is not null)
            fields["id"] = call.Id;
        return fields;
    }

    private static Dictionary<string, object?> Fields(JsonElement message)
    {
        if (message.ValueKind != JsonValueKind.Object)
            throw new CapvecException($"a message is {message.ValueKind}, where an object with role and content was expected");
        var fields = new Dictionary<string, object?>();
        try
        {
            foreach (var property in message.EnumerateObject())
                fields[property.Name] = property.Value;
        }
        catch (InvalidOperationException error)
        {
            throw new CapvecException($"a message has a key that is not well-formed Unicode: {error.Message}", error);
        }

        // Clients name the thoughts in three ways; templates know one.
        if (!fields.ContainsKey("reasoning_content") && (fields.TryGetValue("reasoning", out var reasoning) || fields.TryGetValue("thinking", out reasoning)))
            fields["reasoning_content"] = reasoning;
        return fields;
    }

    private static ChatTemplate LoadGguf(string path, TimeProvider? time, JinjaLimits? limits)
    {
        const string key = "tokenizer.chat_template";
        using var file = GgufFile.Open(path);
        var source = file.Metadata.FindString(key)
            ?? throw new CapvecException($"{path} has no chat template ({key}); base models have none, use an instruct model.");
        var texts = file.Metadata.FindStrings("tokenizer.ggml.tokens") ?? [];
        var tokens = new Dictionary<string, object?>();
        foreach (var (name, id) in new[] { ("bos_token", "bos"), ("eos_token", "eos"), ("unk_token", "unknown"), ("sep_token", "seperator"), ("pad_token", "padding"), ("cls_token", "cls"), ("mask_token", "mask") })
        {
            if (file.Metadata.FindInteger($"tokenizer.ggml.{id}_token_id") is >= 0 and var at && at < texts.Length)
                tokens[name] = texts[at];
        }

        return new ChatTemplate(source, JinjaTemplate.Parse(source, $"{path} ({key})", limits), tokens, time);
    }

    /// <summary>A special token of tokenizer_config.json: a text, or an object with the text as its content.</summary>
    internal static string TokenText(JsonField field) => field.Kind == JsonValueKind.Object ? field["content"].String() : field.String();

    private static (string Source, string Name)? Find(string folder, JsonField? config)
    {
        var path = Path.Combine(folder, "chat_template.jinja");
        if (File.Exists(path))
            return (InputFile.ReadText(path), path);
        var field = config?["chat_template"] ?? default;
        if (field.IsMissing)
            return null;
        if (field.Kind == JsonValueKind.String)
            return (field.String(), $"{field.File} (chat_template)");

        // Several named templates: the one called default is meant where none is asked for.
        var templates = field.Items().Select(item => (Name: item["name"].String(), Template: item["template"])).ToList();
        var standard = templates.Find(template => template.Name == "default");
        if (standard.Name is null)
            throw new CapvecException($"{field.File}: chat_template has the templates {string.Join(", ", templates.Select(template => template.Name))}, but none called default");
        return (standard.Template.String(), $"{field.File} (chat_template, default)");
    }
}
