using System.Diagnostics;
using System.Globalization;
using Capvec.Agents.Sandboxes;
using Capvec.Experiments.Analysis;
using Capvec.Experiments.Running;
using Capvec.Experiments.Studies;

namespace Capvec.Experiments.Tests.Running;

/// <summary>Not a test: what tests start as a process of its own, to kill it. Runs the study CAPVEC_STUDY into CAPVEC_STUDY_OUT.</summary>
public class StudyChild
{
    [Fact(Explicit = true)]
    public async Task Runs_a_study()
    {
        var study = Environment.GetEnvironmentVariable("CAPVEC_STUDY") ?? throw new InvalidOperationException("CAPVEC_STUDY is not set");
        var output = Environment.GetEnvironmentVariable("CAPVEC_STUDY_OUT") ?? throw new InvalidOperationException("CAPVEC_STUDY_OUT is not set");
        await new StudyRunner(StudyReader.Load(study), output, NamespaceSandboxFactory.Create(), new ConsoleProgress()).RunAsync(cancellation: TestContext.Current.CancellationToken);
        var results = StudyAnalysis.Read(output);
        foreach (var arm in results.Arms)
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{arm.Stage,-10} {arm.Name,-16} {arm.Passed}/{arm.Trials} {arm.Rate:P1} nulls {arm.Nulls} alpha {arm.Alpha} {arm.AgainstBase?.PairedDifference:F3} holm {arm.AgainstBase?.Holm:G3}"));
        foreach (var r in results.Ranking)
            Console.WriteLine(r);
        Console.WriteLine(results.Contrast);
        Console.WriteLine($"{results.Verdict.Kind}: {results.Verdict.Sentence}");
        foreach (var note in results.Verdict.Notes)
            Console.WriteLine($"  {note}");
        Console.WriteLine(string.Join(", ", results.NeverPassed));
    }

    private sealed class ConsoleProgress : IRunProgress
    {
        private readonly Stopwatch _clock = Stopwatch.StartNew();

        public void Started(RunStep step, string title, int total, int done, string unit) => Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"[{_clock.Elapsed.TotalSeconds:F1}] {step}: {title}, {done} of {total} {unit}"));

        public void Advanced(int done, string? note)
        {
        }

        public void Message(string text) => Console.WriteLine(text);

        public void Finished(string summary) => Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"[{_clock.Elapsed.TotalSeconds:F1}] {summary}"));
    }
}
