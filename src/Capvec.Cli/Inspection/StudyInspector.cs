using System.Text.Json.Nodes;
using Capvec.Experiments.Analysis;
using Capvec.Experiments.Studies;

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

    /// <summary>A study's file, not run yet.</summary>
    public static Finding File(string path)
    {
        var study = StudyReader.Load(path);
        var facts = new List<(string, string)>
        {
            ("question", study.Question),
            ("model", study.Model),
            ("adapters", study.Adapters.Count == 0 ? "none" : string.Join(", ", study.Adapters.Select(adapter => adapter.Key))),
            ("tasks", study.Tasks.Folder),
            ("collect", $"{string.Join(", ", study.Collect.Arms)}, {study.Collect.Attempts} attempts a task"),
            ("test", $"{study.Sweep.Attempts} attempts a task"),
            ("seed", $"{study.Seed}"),
        };
        return new Finding("study", $"the study \"{study.Name}\", which reads without errors", facts, [], new JsonObject { ["study"] = study.Name, ["question"] = study.Question, ["model"] = study.Model });
    }
}
