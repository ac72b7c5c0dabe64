namespace Capvec.Experiments.Studies;

/// <summary>What the results of a study need of its file; read without looking for the folders it names, which another machine need not have.</summary>
/// <param name="Name">Short name.</param>
/// <param name="Question">The question it asks.</param>
/// <param name="StrengthUnit">The strength's unit as the file calls it.</param>
/// <param name="Seed">The study's seed.</param>
/// <param name="Verdict">What the verdict is about.</param>
internal sealed record StudyHead(string Name, string Question, string StrengthUnit, ulong Seed, OutcomePlan Verdict)
{
    public static StudyHead Read(string yaml, string file)
    {
        var root = YamlSection.Read(file, "", YamlText.Parse(yaml, file));
        return new(root.Text("name"), root.Text("question"), root.Has("strength_unit") ? root.Text("strength_unit") : "residual", StudyReader.ReadSeed(root), StudyReader.ReadVerdict(root.Section("verdict")));
    }
}
