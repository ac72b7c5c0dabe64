using System.Globalization;
using Capvec.Agents.Sandboxes;
using Capvec.Agents.Traces;
using Capvec.Experiments.Results;
using Capvec.Experiments.Running;
using Capvec.Experiments.Storage;
using Capvec.Experiments.Studies;
using Capvec.Tests;

namespace Capvec.Experiments.Tests.Running;

/// <summary>A study of seconds on the phantom, with a folder of tasks of its own that tests may change.</summary>
internal sealed class SmallStudy : IDisposable
{
    private readonly Scratch _scratch = new();

    public SmallStudy(int concurrency = 16, string? model = null, string select = "select: {by: held-out-auc}")
    {
        foreach (var task in new[] { "count-matches-1", "sum-column-2", "replace-text-1", "median-value-1" })
            Copy(Repository.File("tasks", "full", task), _scratch[Path.Combine("tasks", task)]);
        File.WriteAllText(Study, string.Create(CultureInfo.InvariantCulture, $$"""
            name: small
            question: Does the runner keep what it does?
            model: {{model ?? Repository.File("models", "phantom", "checkpoint")}}
            adapters: {sft: {{Repository.File("models", "phantom", "adapters", "sft")}}}
            tasks: {folder: tasks}
            seed: 5
            collect: {arms: [base], attempts: 5}
            direction:
              positives: [{arm: base, outcome: solved}]
              negatives: [{arm: base, outcome: failed}]
            strength_unit: difference
            {{select}}
            sweep: {attempts: 2, layers: chosen, strengths: [4]}
            compute: {concurrency: {{concurrency}}, permutations: 20}
            """));
    }

    public string Study => _scratch["study.yaml"];

    public string Output => _scratch["out"];

    public string Tasks => _scratch["tasks"];

    public Task RunAsync(IRunProgress? progress = null, RunOptions? options = null, CancellationToken cancellation = default) =>
        new StudyRunner(StudyReader.Load(Study), Output, NamespaceSandboxFactory.Create(), progress).RunAsync(options, cancellation);

    public IReadOnlyList<TrialRow> Trials()
    {
        using var store = StudyStore.OpenExisting(Output);
        return store.Trials();
    }

    /// <summary>All that must not depend on how the run went: of each trial the outcome, and of its trace every word and token.</summary>
    public IReadOnlyList<string> Course() => [.. Trials().Select(t =>
    {
        var trace = TraceReader.Load(Path.Combine(Output, t.TracePath));
        (trace.Trial.Arm, trace.Trial.Task, trace.Trial.Attempt, trace.Trial.Seed, trace.Trial.Reward).ShouldBe((t.Arm, t.Task, t.Attempt, t.Seed, t.Reward));
        var words = string.Join('|', trace.Steps.Select(s => $"{s.Source}:{s.Message}:{string.Join(',', s.Metrics?.CompletionTokenIds ?? [])}:{string.Join('/', s.Observation?.Results.Select(r => r.Content) ?? [])}"));
        return string.Create(CultureInfo.InvariantCulture, $"{t.Stage} {t.Arm} {t.Task} {t.Attempt} {t.Seed} {t.Reward} {t.Turns} {t.Tokens} {t.Marks} {t.TokensHash} {words} {string.Join(',', trace.Trial.Conversation!.Ids)}");
    })];

    public void Dispose() => _scratch.Dispose();

    private static void Copy(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }
}
