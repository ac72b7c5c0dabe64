using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.Json;
using Capvec.Engine.Loading;
using Capvec.Experiments.Storage;
using Capvec.Experiments.Studies;
using Capvec.Numerics.Kernels;

namespace Capvec.Experiments.Running;

/// <summary>What a reader of the results wants to know about how they came about, noted while the study runs.</summary>
internal static class StudyFacts
{
    private const string Key = "facts";
    private const string StartedKey = "started";
    private const string EndedKey = "ended";

    /// <summary>Notes everything that is known before the first trial.</summary>
    public static void Note(StudyStore store, StudyDefinition study, LanguageModel model, IReadOnlyDictionary<string, LoraAdapter> adapters, TaskDivision tasks, string sandbox, string protocol, int threads, TimeProvider time)
    {
        string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
        var sampling = study.Sampling;
        var facts = new List<KeyValuePair<string, string>>
        {
            new("model", Text($"{model.Name}, {model.Layers} layers of width {model.Hidden}, hash {model.Hash}")),
        };
        if (study.Activations != Activations.Int16)
            facts.Add(new("activations", $"{study.Activations} beside quantised weights; float32 in captures"));
        facts.AddRange(adapters.Select(a => KeyValuePair.Create($"adapter {a.Key}", $"hash {a.Value.Hash}")));
        facts.Add(new("tasks", study.Tasks.Split == TaskSplit.Half
            ? Text($"{tasks.Selection.Count + tasks.Test.Count}: {tasks.Selection.Count} to make the direction and choose, {tasks.Test.Count} others to test")
            : Text($"{tasks.Test.Count}, the same to make the direction and to test (other seeds)")));
        facts.Add(new("attempts", Text($"{study.Collect.Attempts} an arm and task to collect{(study.Select is { Attempts: > 0 } s ? Text($", {s.Attempts} to choose") : "")}, {study.Sweep.Attempts} to test")));
        facts.Add(new("sampling", Text($"temperature {sampling.Options.Temperature:0.###}, top-k {sampling.Options.TopK}, top-p {sampling.Options.TopP:0.###}, min-p {sampling.Options.MinP:0.###}, at most {sampling.MaxTurns} replies of {sampling.MaxReplyTokens} tokens")));
        facts.Add(new("seed", Text($"{study.Seed}")));
        facts.Add(new("protocol and sandbox", $"{protocol}, {sandbox}"));
        facts.Add(new("machine", Text($"{Processor()}, {Environment.ProcessorCount} processors, {threads} threads, {RuntimeInformation.OSDescription}")));
        facts.Add(new("versions", Text($"Capvec {typeof(StudyFacts).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0]}, {RuntimeInformation.FrameworkDescription}")));
        store.SetFact(Key, JsonSerializer.Serialize(facts));
        if (store.Fact(StartedKey) is null)
            store.SetFact(StartedKey, time.GetUtcNow().ToString("O", CultureInfo.InvariantCulture));
    }

    /// <summary>Notes that everything is done; the first time counts.</summary>
    public static void NoteEnd(StudyStore store, TimeProvider time)
    {
        if (store.Fact(EndedKey) is null)
            store.SetFact(EndedKey, time.GetUtcNow().ToString("O", CultureInfo.InvariantCulture));
    }

    /// <summary>The facts in order of showing; empty before the first run.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> Read(StudyStore store)
    {
        var facts = store.Fact(Key) is { } json ? JsonSerializer.Deserialize<List<KeyValuePair<string, string>>>(json)! : [];
        foreach (var key in new[] { StartedKey, EndedKey })
        {
            if (store.Fact(key) is { } time)
                facts.Add(new(key, DateTimeOffset.Parse(time, CultureInfo.InvariantCulture).UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture)));
        }

        return facts;
    }

    private static string Processor()
    {
        const string Known = "/proc/cpuinfo";
        var line = File.Exists(Known) ? File.ReadLines(Known).FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal)) : null;
        return line?[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim() ?? RuntimeInformation.ProcessArchitecture.ToString();
    }
}
