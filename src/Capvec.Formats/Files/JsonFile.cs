using System.Text.Json;
using System.Text.Unicode;
using Capvec.Formats.Errors;

namespace Capvec.Formats.Files;

/// <summary>Reads JSON files of other tools with errors that name the file and the line.</summary>
public static class JsonFile
{
    /// <summary>Reads a file whose root is an object. Duplicate keys are refused, because readers disagree on which of them holds.</summary>
    /// <exception cref="CapvecException">The file is missing, unreadable, not JSON, or not an object.</exception>
    public static JsonDocument ReadObject(string path)
    {
        var bytes = InputFile.ReadBytes(path);
        JsonDocument document;
        try
        {
            var text = bytes.AsMemory(bytes.AsSpan().StartsWith("\uFEFF"u8) ? 3 : 0);
            CheckStrings(text.Span);
            document = JsonDocument.Parse(text, new JsonDocumentOptions { AllowDuplicateProperties = false });
        }
        catch (JsonException e)
        {
            throw new CapvecException($"{path} line {(e.LineNumber ?? 0) + 1}: not valid JSON ({Reason(e)}); mend or re-download the file.", e);
        }

        catch (InvalidOperationException e)
        {
            throw new CapvecException($"{path}: a string in it is not valid UTF-8 or has half a surrogate pair; mend or re-download the file.", e);
        }

        if (document.RootElement.ValueKind == JsonValueKind.Object)
            return document;
        var kind = document.RootElement.ValueKind;
        document.Dispose();
        throw new CapvecException($"{path}: expected a JSON object, found {kind}.");
    }

    /// <summary>The parser leaves strings alone until somebody asks for one, and then fails in the middle of things; so they are all looked at here.</summary>
    private static void CheckStrings(ReadOnlySpan<byte> text)
    {
        if (!Utf8.IsValid(text))
            throw new InvalidOperationException("not UTF-8");
        if (text.IndexOf("\\ud"u8) < 0 && text.IndexOf("\\uD"u8) < 0)
            return;
        var reader = new Utf8JsonReader(text);
        while (reader.Read())
        {
            if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && reader.ValueIsEscaped)
                reader.GetString();
        }
    }

    private static string Reason(JsonException e)
    {
        var cut = e.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return (cut < 0 ? e.Message : e.Message[..cut]).TrimEnd('.', ' ');
    }
}
