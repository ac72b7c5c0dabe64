using System.CommandLine;
using System.Text.Json.Nodes;
using Capvec.Cli.Hosting;
using Capvec.Cli.Options;
using Capvec.Cli.Output;
using Capvec.Formats.Errors;
using Capvec.Text.Templates;

namespace Capvec.Cli.Commands;

/// <summary>capvec render: messages to the text that the model reads.</summary>
internal sealed class RenderCommand : CapvecCommand
{
    private readonly Option<string> _model = PathOptions.Model();
    private readonly Option<string?> _prompt = new("--prompt", "-p") { Description = "One message of the user.", HelpName = "TEXT" };
    private readonly Option<string?> _messages = new("--messages") { Description = "JSON file with a list of messages (role, content and whatever else the template reads, such as tool_calls or reasoning_content), or an object with messages and tools; \"-\" reads standard input.", HelpName = "FILE" };
    private readonly Option<string?> _tools = new("--tools") { Description = "JSON file with a list of tools in OpenAI's form.", HelpName = "FILE" };
    private readonly Option<string[]> _set = new("--set") { Description = "Variable of the template as NAME=VALUE (true, false and numbers are read as such).", HelpName = "NAME=VALUE" };
    private readonly Option<bool> _closed = new("--no-generation-prompt") { Description = "Do not open the assistant's reply at the end." };

    /// <summary>Makes the command.</summary>
    public RenderCommand(Option<bool> json)
        : base("render", "Prints a conversation as the model's chat template writes it.", "capvec render --model models/phantom/checkpoint --prompt \"List the files.\"", json)
    {
        Options.Add(_model);
        Options.Add(_prompt);
        Options.Add(_messages);
        Options.Add(_tools);
        Options.Add(_set);
        Options.Add(_closed);
        Validators.Add(result =>
        {
            if ((result.GetResult(_prompt) is null) == (result.GetResult(_messages) is null))
                result.AddError("either --prompt or --messages is needed");
        });
    }

    /// <inheritdoc/>
    protected override async Task<JsonObject?> RunAsync(ParseResult arguments, CommandOutput output, CancellationToken cancellation)
    {
        var template = ChatTemplate.Load(arguments.GetRequiredValue(_model));
        var conversation = arguments.GetValue(_messages) is { } path
            ? ConversationFile.Parse(path == "-" ? await Console.In.ReadToEndAsync(cancellation) : TextFile.Read("--messages", path), $"--messages {path}")
            : ConversationFile.Of(arguments.GetValue(_prompt)!);
        if (arguments.GetValue(_tools) is { } tools)
            conversation = conversation.With(TextFile.Read("--tools", tools), $"--tools {tools}");
        var text = template.Render(conversation.Messages, !arguments.GetValue(_closed), conversation.Tools, Variables(arguments.GetValue(_set) ?? []));
        if (!output.Json)
            Console.Out.Write(text); // exactly the text: programs compare it
        return new JsonObject { ["text"] = text };
    }

    private static Dictionary<string, object?> Variables(string[] settings)
    {
        var variables = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (var setting in settings)
        {
            var parts = setting.Split('=', 2);
            if (parts is not [{ Length: > 0 } name, var value])
                throw new CapvecException($"--set {setting}: NAME=VALUE was expected, for example enable_thinking=false.", exitCode: CapvecException.WrongUsage);
            variables[name] = value switch
            {
                "true" => true,
                "false" => false,
                _ when long.TryParse(value, out var number) => number,
                _ => value,
            };
        }

        return variables;
    }
}
