using System.Text.Json;
using Capvec.Formats.Errors;

namespace Capvec.Formats.Files;

/// <summary>Reads JSON files of other tools with errors that name the file and the line.</summary>
public static class JsonFile
{
    /// <summary>Reads a file whose root is an object. Duplicate keys are refused, because readers disagree on which of them holds.</summary>
    /// <exception cref="CapvecException">The file is missing, unreadable, not JSON, or not an object.</exception>
    public static JsonDocument ReadObject(string path)
    {
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CapvecException($"{path} does not exist; check the folder's name, or fetch the missing file.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CapvecException($"cannot read {path}: {e.Message.TrimEnd('.')}.", e);
        }

        JsonDocument document;
        try
        {
            var text = bytes.AsMemory(bytes.AsSpan().StartsWith("\uFEFF"u8) ? 3 : 0);
            document = JsonDocument.Parse(text, new JsonDocumentOptions { AllowDuplicateProperties = false });
        }
        catch (JsonException e)
        {
            throw new CapvecException($"{path} line {(e.LineNumber ?? 0) + 1}: not valid JSON ({Reason(e)}); mend or re-download the file.", e);
        }

        if (document.RootElement.ValueKind == JsonValueKind.Object)
            return document;
        var kind = document.RootElement.ValueKind;
        document.Dispose();
        throw new CapvecException($"{path}: expected a JSON object, found {kind}.");
    }

    private static string Reason(JsonException e)
    {
        var cut = e.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return (cut < 0 ? e.Message : e.Message[..cut]).TrimEnd('.', ' ');
    }
}
