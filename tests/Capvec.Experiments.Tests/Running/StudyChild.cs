using System.Diagnostics;
using System.Globalization;
using Capvec.Agents.Sandboxes;
using Capvec.Experiments.Analysis;
using Capvec.Experiments.Running;
using Capvec.Experiments.Studies;

namespace Capvec.Experiments.Tests.Running;

/// <summary>
/// Not a test: what tests start as a process of its own, to kill it. Runs the study CAPVEC_STUDY into CAPVEC_STUDY_OUT, and prints what
/// <see cref="IRunProgress"/> hears and the results.
/// </summary>
public class StudyChild
{
    /// <summary>Starts this as a process.</summary>
    internal static Process Start(string study, string output)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Path.GetTempPath() };
        // Under `dotnet test.dll` the process is dotnet itself.
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath!) == "dotnet")
            start.ArgumentList.Add(typeof(StudyChild).Assembly.Location);
        foreach (var word in new[] { "-explicit", "only", "-method", $"{typeof(StudyChild).FullName}.{nameof(Runs_a_study)}" })
            start.ArgumentList.Add(word);
        start.Environment["CAPVEC_STUDY"] = study;
        start.Environment["CAPVEC_STUDY_OUT"] = output;
        return Process.Start(start)!;
    }

    [Fact(Explicit = true)]
    public async Task Runs_a_study()
    {
        var study = Environment.GetEnvironmentVariable("CAPVEC_STUDY") ?? throw new InvalidOperationException("CAPVEC_STUDY is not set");
        var output = Environment.GetEnvironmentVariable("CAPVEC_STUDY_OUT") ?? throw new InvalidOperationException("CAPVEC_STUDY_OUT is not set");
        await new StudyRunner(StudyReader.Load(study), output, NamespaceSandboxFactory.Create(), new ConsoleProgress()).RunAsync(cancellation: TestContext.Current.CancellationToken);
        var results = StudyAnalysis.Read(output);
        foreach (var arm in results.Arms)
            Say($"{arm.Stage,-10} {arm.Name,-18} {arm.Passed,4}/{arm.Trials,-4} {arm.Rate,7:P1} nulls {arm.Nulls} alpha {arm.Alpha,7:F2} {arm.AgainstBase?.PairedDifference,7:F3} holm {arm.AgainstBase?.Holm:G3} parse_fail {arm.Marks.ParseFail}");
        foreach (var r in results.Ranking)
            Say($"layer {r.Layer,2} auc {r.Auc:F3} held out {r.HeldOutAuc:F3} p {r.PermutationP:F4} margin {r.Margin,6:F2} residual {r.ResidualNorm,6:F2}{(r.Chosen ? " chosen" : "")}");
        Say($"{results.Contrast}");
        Say($"{results.Verdict.Kind}: {results.Verdict.Sentence}");
        foreach (var note in results.Verdict.Notes)
            Say($"  {note}");
        Say($"never passed: {string.Join(", ", results.NeverPassed)}");
    }

    private static void Say(FormattableString text) => Console.WriteLine(text.ToString(CultureInfo.InvariantCulture));

    private sealed class ConsoleProgress : IRunProgress
    {
        private readonly Stopwatch _clock = Stopwatch.StartNew();

        public void Started(RunStep step, string title, int total, int done, string unit) => Say($"[{_clock.Elapsed.TotalSeconds:F1}] {step}: {title}, {done} of {total} {unit}");

        public void Advanced(int done, string? note) => Say($"done {done}");

        public void Message(string text) => Console.WriteLine(text);

        public void Finished(string summary) => Say($"[{_clock.Elapsed.TotalSeconds:F1}] {summary}");
    }
}
