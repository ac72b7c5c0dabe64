using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Capvec.Cli.Hosting;
using Capvec.Cli.Options;
using Capvec.Cli.Output;
using Capvec.Formats.Errors;
using Capvec.Text.Tokenizers;

namespace Capvec.Cli.Commands;

/// <summary>capvec tokenize: text to ids.</summary>
internal sealed class TokenizeCommand : CapvecCommand
{
    private readonly Option<string> _model = PathOptions.Model();
    private readonly Option<string?> _text = new("--text", "-t") { Description = "The text; \"-\" reads standard input.", HelpName = "TEXT" };
    private readonly Option<string> _texts = PathOptions.ExistingFile("--texts", "JSON lines: a string each, or an object with the field text. Prints a line of ids for each.", required: false);
    private readonly Option<bool> _plain = new("--plain") { Description = "Added tokens inside the text, such as <|im_end|>, stay text." };

    /// <summary>Makes the command.</summary>
    public TokenizeCommand(Option<bool> json)
        : base("tokenize", "Prints the token ids of a text.", "capvec tokenize --model models/phantom/checkpoint --text \"List the files.\"", json)
    {
        Options.Add(_model);
        Options.Add(_text);
        Options.Add(_texts);
        Options.Add(_plain);
        Validators.Add(result =>
        {
            if ((result.GetResult(_text) is null) == (result.GetResult(_texts) is null))
                result.AddError("either --text or --texts is needed");
        });
    }

    /// <inheritdoc/>
    protected override async Task<JsonObject?> RunAsync(ParseResult arguments, CommandOutput output, CancellationToken cancellation)
    {
        var tokenizer = Tokenizer.Load(arguments.GetRequiredValue(_model));
        var parseAdded = !arguments.GetValue(_plain);
        if (arguments.GetValue(_texts) is { } path)
        {
            var all = new JsonArray();
            var number = 0;
            using var reader = new StringReader(TextFile.Read("--texts", path));
            while (await reader.ReadLineAsync(cancellation) is { } line)
            {
                number++;
                if (string.IsNullOrWhiteSpace(line))
                    continue;
                var one = tokenizer.Encode(TextOf(line, path, number), parseAdded);
                output.Line(string.Join(' ', one));
                all.Add(Array(one));
            }

            return new JsonObject { ["ids"] = all, ["count"] = all.Count };
        }

        var text = arguments.GetValue(_text)!;
        if (text == "-")
            text = await Console.In.ReadToEndAsync(cancellation);
        var ids = tokenizer.Encode(text, parseAdded);
        output.Line(string.Join(' ', ids));
        return new JsonObject { ["ids"] = Array(ids), ["count"] = ids.Length };
    }

    private static JsonArray Array(int[] ids) => new([.. ids.Select(id => JsonValue.Create(id))]);

    private static string TextOf(string line, string path, int number)
    {
        try
        {
            var value = JsonElement.Parse(line);
            if (value.ValueKind == JsonValueKind.Object && value.TryGetProperty("text", out var field))
                value = field;
            if (value.ValueKind == JsonValueKind.String)
                return value.GetString()!;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw Wrong(e);
        }

        throw Wrong(null);

        CapvecException Wrong(Exception? inner) =>
            new($"--texts {path} line {number}: a JSON string, or an object whose field text is one, was expected.", inner, CapvecException.WrongUsage);
    }
}
