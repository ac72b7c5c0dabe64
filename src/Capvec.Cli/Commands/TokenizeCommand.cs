using System.CommandLine;
using System.Text.Json.Nodes;
using Capvec.Cli.Hosting;
using Capvec.Cli.Options;
using Capvec.Cli.Output;
using Capvec.Text.Tokenizers;

namespace Capvec.Cli.Commands;

/// <summary>capvec tokenize: text to ids.</summary>
internal sealed class TokenizeCommand : CapvecCommand
{
    private readonly Option<string> _model = PathOptions.Model();
    private readonly Option<string> _text = new("--text", "-t") { Description = "The text; \"-\" reads standard input.", Required = true, HelpName = "TEXT" };
    private readonly Option<bool> _plain = new("--plain") { Description = "Added tokens inside the text, such as <|im_end|>, stay text." };

    /// <summary>Makes the command.</summary>
    public TokenizeCommand(Option<bool> json)
        : base("tokenize", "Prints the token ids of a text.", "capvec tokenize --model models/phantom/checkpoint --text \"List the files.\"", json)
    {
        Options.Add(_model);
        Options.Add(_text);
        Options.Add(_plain);
    }

    /// <inheritdoc/>
    protected override async Task<JsonObject?> RunAsync(ParseResult arguments, CommandOutput output, CancellationToken cancellation)
    {
        var tokenizer = Tokenizer.Load(arguments.GetRequiredValue(_model));
        var text = arguments.GetRequiredValue(_text);
        if (text == "-")
            text = await Console.In.ReadToEndAsync(cancellation);
        var ids = tokenizer.Encode(text, parseAdded: !arguments.GetValue(_plain));
        output.Line(string.Join(' ', ids));
        return new JsonObject { ["ids"] = new JsonArray([.. ids.Select(id => JsonValue.Create(id))]), ["count"] = ids.Length };
    }
}
