using Capvec.Formats.Errors;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Capvec.Experiments.Studies;

/// <summary>What the results of a study need of its file; read without looking for the folders it names, which another machine need not have.</summary>
/// <param name="Name">Short name.</param>
/// <param name="Question">The question it asks.</param>
/// <param name="StrengthUnit">The strength's unit as the file calls it.</param>
/// <param name="Seed">The study's seed.</param>
internal sealed record StudyHead(string Name, string Question, string StrengthUnit, ulong Seed)
{
    public static StudyHead Read(string yaml, string file)
    {
        var stream = new YamlStream();
        try
        {
            stream.Load(new StringReader(yaml));
        }
        catch (YamlException e)
        {
            throw new CapvecException($"{file} is no study any more: {e.Message} Put the study's file back there.", e);
        }

        var root = YamlSection.Read(file, "", stream.Documents.Count > 0 ? stream.Documents[0].RootNode : new YamlScalarNode());
        return new(root.Text("name"), root.Text("question"), root.Has("strength_unit") ? root.Text("strength_unit") : "residual", StudyReader.ReadSeed(root));
    }
}
