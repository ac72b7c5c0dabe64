using System.Globalization;
using System.Text.Json.Nodes;
using Capvec.Formats.Errors;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Capvec.Experiments.Studies;

/// <summary>Reads text that has to be one YAML document.</summary>
internal static class YamlText
{
    /// <summary>The document's root.</summary>
    /// <param name="text">YAML.</param>
    /// <param name="file">Where it is from, for errors.</param>
    /// <exception cref="CapvecException">It is not YAML, or not one document.</exception>
    public static YamlNode Parse(string text, string file)
    {
        var stream = new YamlStream();
        try
        {
            stream.Load(new StringReader(text));
        }
        catch (YamlException e)
        {
            throw new YamlPlace(file, e.Start).Error($"not valid YAML: {e.Message.TrimEnd('.')}; mend the line", e);
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException)
        {
            // YamlDotNet leaves its own error type where a bracket is never closed; it then knows no place.
            throw new CapvecException($"{file}: not valid YAML; look for a bracket or quotation mark that is never closed", e, CapvecException.WrongUsage);
        }

        return stream.Documents.Count == 1
            ? stream.Documents[0].RootNode
            : throw new YamlPlace(file, new Mark(0, 1, 1)).Error($"the file holds {stream.Documents.Count} YAML documents; expected one study");
    }

    /// <summary>A part of a document as JSON: plain numbers, true, false and null are values, everything else is text.</summary>
    public static JsonNode? ToJson(YamlNode node) => node switch
    {
        YamlMappingNode mapping => new JsonObject(mapping.Children.Select(c => KeyValuePair.Create(c.Key.ToString(), ToJson(c.Value)))),
        YamlSequenceNode list => new JsonArray([.. list.Children.Select(ToJson)]),
        YamlScalarNode { Style: ScalarStyle.Plain, Value: "" or "null" or "~" or null } => null,
        YamlScalarNode { Style: ScalarStyle.Plain, Value: "true" or "false" } flag => JsonValue.Create(flag.Value == "true"),
        YamlScalarNode { Style: ScalarStyle.Plain, Value: { } text } when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) => JsonValue.Create(whole),
        YamlScalarNode { Style: ScalarStyle.Plain, Value: { } text } when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) => JsonValue.Create(number),
        YamlScalarNode { Value: var text } => JsonValue.Create(text),
        _ => null,
    };
}
