namespace Capvec.Text.Templates;

/// <summary>A model's chat template (a Jinja subset), compiled once. Thread-safe.</summary>
public sealed class ChatTemplate
{
    /// <summary>Loads chat_template.jinja, or the template inside tokenizer_config.json, of a model folder.</summary>
    public static ChatTemplate Load(string folder) => throw new NotImplementedException();

    /// <summary>Messages to the text the model reads.</summary>
    /// <param name="messages">The conversation.</param>
    /// <param name="addGenerationPrompt">Whether the text ends with the opening of the assistant's reply.</param>
    /// <param name="variables">Further variables of the template, such as enable_thinking.</param>
    public string Render(IReadOnlyList<ChatMessage> messages, bool addGenerationPrompt, IReadOnlyDictionary<string, object?>? variables = null) => throw new NotImplementedException();
}
