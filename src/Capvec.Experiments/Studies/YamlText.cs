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
}
