using Capvec.Experiments.Analysis;

namespace Capvec.Cli.Inspection;

/// <summary>Describes a study's output folder.</summary>
internal static class StudyInspector
{
    /// <summary>An output folder, finished or not.</summary>
    public static Finding Folder(string path)
    {
        var results = StudyAnalysis.Read(path);
        var facts = new List<(string, string)> { ("question", results.Question), ("verdict", results.Verdict.Sentence), ("contrast", results.Contrast) };
        facts.AddRange(results.Facts.Select(fact => (fact.Key, fact.Value)));
        var rows = new List<string[]> { new[] { "stage", "arm", "kind", "passed", "null" } };
        rows.AddRange(results.Arms.Select(arm => new[] { arm.Stage, arm.Name, $"{arm.Kind}", $"{arm.Passed}/{arm.Trials}", $"{arm.Nulls}" }));
        return new Finding("study", $"the output of the study \"{results.Name}\"", facts, rows, Studies.StudyJob.Json(results));
    }
}
