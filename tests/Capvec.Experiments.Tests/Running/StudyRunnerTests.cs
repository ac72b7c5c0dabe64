using Capvec.Engine.Conversion;
using Capvec.Engine.Loading;
using Capvec.Experiments.Analysis;
using Capvec.Experiments.Results;
using Capvec.Experiments.Running;
using Capvec.Formats.Errors;
using Capvec.Steering.Directions;
using Capvec.Tests;

namespace Capvec.Experiments.Tests.Running;

/// <summary>The whole runner on the phantom, in real sandboxes.</summary>
public class StudyRunnerTests
{
    private const int Collected = 4 * 5;
    private const int Tested = 4 * 2 * 7;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_study_runs_to_its_results_and_strength_0_gives_bases_trials_token_for_token()
    {
        using var study = new SmallStudy();
        await study.RunAsync(cancellation: Cancellation);

        var results = StudyAnalysis.Read(study.Output);
        results.Trials.Count(t => t.Stage == Stages.Collect).ShouldBe(Collected);
        results.Trials.Count(t => t.Stage == Stages.Test).ShouldBe(Tested);
        results.Trials.ShouldAllBe(t => t.Reward != null);
        var test = results.Arms.Where(a => a.Stage == Stages.Test).ToList();
        var layer = results.Ranking.Single(r => r.Chosen).Layer;
        test.Select(a => (a.Name, a.Kind)).ShouldBe(
        [
            ("base", ArmKind.Base), ("base again", ArmKind.AgainstItself), ("sft", ArmKind.Adapter), ($"L{layer} x0", ArmKind.AlphaZero),
            ($"L{layer} x4", ArmKind.Steered), ($"L{layer} random x4", ArmKind.Random), ($"L{layer} x-4", ArmKind.Negative),
        ]);
        test.ShouldAllBe(a => a.Trials == 8 && a.Nulls == 0);
        results.Candidate.ShouldBe($"L{layer} x4");
        results.Verdict.Kind.ShouldBeOneOf(VerdictKind.NoDifference, VerdictKind.Lift);
        results.Verdict.Notes.ShouldContain("Strength 0 gave base's trials token for token (8 of 8).");
        results.NeverPassed.Select(t => t.Key).ShouldContain("median-value-1");
        results.Facts.Select(f => f.Key).ShouldBe(["model", "adapter sft", "tasks", "attempts", "sampling", "seed", "protocol and sandbox", "machine", "versions", "started", "ended"]);

        // Same seeds in every arm but the A/A one.
        foreach (var cell in results.Trials.Where(t => t.Stage == Stages.Test).GroupBy(t => (t.Task, t.Attempt)))
            cell.Where(t => t.Arm != "base again").Select(t => t.Seed).Distinct().Count().ShouldBe(1);
        results.Trials.Where(t => t is { Stage: Stages.Test, Arm: "base" }).Select(t => t.Seed)
            .Intersect(results.Trials.Where(t => t.Stage == Stages.Collect || t.Arm == "base again").Select(t => t.Seed)).ShouldBeEmpty();

        results.Audit!.Facts.Select(f => f.Fact).ShouldContain("task");
        results.Audit.Facts.Select(f => f.Fact).ShouldContain("characters a reply"); // counted in the traces
        results.Audit.Layer.ShouldBe(results.Ranking.MaxBy(r => r.HeldOutAuc)!.Layer);

        var directions = DirectionFile.Load(Path.Combine(study.Output, "vectors", "dir.safetensors"));
        directions.Layers.ShouldBe(Enumerable.Range(0, 12));
        DirectionFile.Load(Path.Combine(study.Output, "vectors", "dir.pt")).At(layer).Unit.ToArray().ShouldBe(directions.At(layer).Unit.ToArray());
        test[4].Alpha!.Value.ShouldBe(4 * directions.At(layer).Margin!.Value, 1e-4);
        test[5].Alpha.ShouldBe(test[4].Alpha);
        test[6].Alpha.ShouldBe(-test[4].Alpha);
    }

    [Fact]
    public async Task A_study_runs_on_a_quantised_gguf_file_too()
    {
        using var scratch = new Scratch();
        var (model, adapter) = (scratch["phantom.gguf"], scratch["sft.gguf"]);
        var checkpoint = Repository.File("models", "phantom", "checkpoint");
        GgufConverter.Convert(checkpoint, "q8_0", model);
        AdapterConverter.Convert(Repository.File("models", "phantom", "adapters", "sft"), checkpoint, adapter);
        using var study = new SmallStudy(model: model);
        File.WriteAllText(study.Study, File.ReadAllText(study.Study).Replace(Repository.File("models", "phantom", "adapters", "sft"), adapter, StringComparison.Ordinal));
        await study.RunAsync(cancellation: Cancellation);

        var results = StudyAnalysis.Read(study.Output);
        results.Trials.Count.ShouldBe(Collected + Tested);
        results.Trials.ShouldAllBe(t => t.Reward != null);
        results.Verdict.Notes.ShouldContain("Strength 0 gave base's trials token for token (8 of 8).");
        results.Facts.ToDictionary(f => f.Key, f => f.Value)["model"].ShouldStartWith($"phantom, 12 layers of width 256, hash {ModelSurvey.Of(model).ComputeHash()}");

        // Another quantisation is another model: trials of the old one do not count.
        GgufConverter.Convert(checkpoint, "q4_0", model);
        var progress = new RecordedProgress();
        await study.RunAsync(progress, new() { Until = RunStep.Collect }, Cancellation);
        progress.Parts[0].ShouldBe(("collect trials", Collected, 0));
    }

    [Fact]
    public async Task What_is_done_is_skipped_and_what_is_stale_is_done_again()
    {
        using var study = new SmallStudy();
        await study.RunAsync(options: new() { Until = RunStep.Collect }, cancellation: Cancellation);
        study.Trials().Count.ShouldBe(Collected);
        Directory.Exists(Path.Combine(study.Output, "vectors")).ShouldBeFalse();
        StudyAnalysis.Read(study.Output).Verdict.Kind.ShouldBe(VerdictKind.Incomplete);

        var progress = new RecordedProgress();
        await study.RunAsync(progress, cancellation: Cancellation);
        progress.Parts.Select(p => p.Title).ShouldBe(["collect trials", "residuals of traces", "directions and their ranking", "test trials"]);
        progress.Parts[0].ShouldBe(("collect trials", Collected, Collected));

        var first = study.Course();
        var times = study.Trials().Select(t => t.Started).ToList();
        progress = new RecordedProgress();
        await study.RunAsync(progress, cancellation: Cancellation);
        progress.Parts.ShouldBe([("collect trials", Collected, Collected), ("test trials", Tested, Tested)]);
        study.Trials().Select(t => t.Started).ShouldBe(times);

        // Lost files are made again, the same.
        var vectors = File.ReadAllBytes(Path.Combine(study.Output, "vectors", "dir.pt"));
        File.Delete(Path.Combine(study.Output, "activations.safetensors"));
        File.Delete(Path.Combine(study.Output, "vectors", "dir.pt"));
        progress = new RecordedProgress();
        await study.RunAsync(progress, cancellation: Cancellation);
        progress.Parts.Select(p => (p.Title, p.Done)).ShouldBe([("collect trials", Collected), ("residuals of traces", 0), ("directions and their ranking", 0), ("test trials", Tested)]);
        File.ReadAllBytes(Path.Combine(study.Output, "vectors", "dir.pt")).ShouldBe(vectors);

        // A task that has changed is run again, in all arms, and only that task; the direction made from its traces may change with it.
        File.AppendAllText(Path.Combine(study.Tasks, "median-value-1", "tests", "test.sh"), "\n# changed\n");
        progress = new RecordedProgress();
        await study.RunAsync(progress, cancellation: Cancellation);
        progress.Parts[0].ShouldBe(("collect trials", Collected, Collected - 5));
        study.Course().ShouldBe(first);
        study.Trials().Count(t => times.Contains(t.Started)).ShouldBe(Collected - 5 + Tested - (2 * 7));
    }

    [Fact]
    public async Task A_changed_study_over_an_old_folder_is_refused()
    {
        using var study = new SmallStudy();
        await study.RunAsync(options: new() { Until = RunStep.Collect }, cancellation: Cancellation);
        File.AppendAllText(study.Study, "# a remark\n");
        var error = await Should.ThrowAsync<CapvecException>(study.RunAsync(cancellation: Cancellation));
        error.Message.ShouldContain("a study is fixed once it has started");
        study.Trials().Count.ShouldBe(Collected);
    }

    [Fact]
    public async Task Cancelling_keeps_what_is_finished_and_running_again_goes_on()
    {
        using var study = new SmallStudy();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var progress = new RecordedProgress((_, done) =>
        {
            if (done == 7)
                stop.Cancel();
        });
        await Should.ThrowAsync<OperationCanceledException>(study.RunAsync(progress, cancellation: stop.Token));
        var kept = study.Trials();
        kept.Count.ShouldBeInRange(7, Collected - 1);

        await study.RunAsync(options: new() { Until = RunStep.Collect }, cancellation: Cancellation);
        study.Trials().Count.ShouldBe(Collected);
        study.Trials().Intersect(kept).Count().ShouldBe(kept.Count);
    }

    [Fact]
    public async Task A_run_that_is_killed_twice_ends_as_one_that_was_not_whatever_ran_at_once()
    {
        using var whole = new SmallStudy();
        await whole.RunAsync(cancellation: Cancellation);
        using var killed = new SmallStudy(concurrency: 5);
        await KillAsync(killed, "Collect: collect trials", 6);
        killed.Trials().Count.ShouldBeInRange(6, Collected - 1);
        await KillAsync(killed, "Sweep: test trials", 20);
        killed.Trials().Count.ShouldBeInRange(Collected + 20, Collected + Tested - 1);
        var before = killed.Trials();

        await killed.RunAsync(cancellation: Cancellation);
        killed.Course().ShouldBe(whole.Course());
        killed.Trials().Intersect(before).Count().ShouldBe(before.Count);
        StudyAnalysis.Read(killed.Output).Verdict.Sentence.ShouldBe(StudyAnalysis.Read(whole.Output).Verdict.Sentence);
        File.ReadAllBytes(Path.Combine(killed.Output, "vectors", "dir.pt")).ShouldBe(File.ReadAllBytes(Path.Combine(whole.Output, "vectors", "dir.pt")));
        File.ReadAllText(Path.Combine(killed.Output, "ranking.csv")).ShouldBe(File.ReadAllText(Path.Combine(whole.Output, "ranking.csv")));
    }

    [Fact]
    public async Task Trials_without_a_reward_are_kept_until_they_are_asked_for_again()
    {
        using var study = new SmallStudy();
        var test = Path.Combine(study.Tasks, "median-value-1", "tests", "test.sh");
        var whole = File.ReadAllText(test);
        File.WriteAllText(test, "#!/bin/sh\nexit 0\n");
        await study.RunAsync(options: new() { Until = RunStep.Collect }, cancellation: Cancellation);
        study.Trials().Where(t => t.Reward is null).Select(t => t.Task).Distinct().ShouldBe(["median-value-1"]);
        study.Trials().Where(t => t.Reward is null).ShouldAllBe(t => t.Failure!.Contains("verifier"));
        var results = StudyAnalysis.Read(study.Output);
        (results.Arms.Single().Trials, results.Arms.Single().Nulls).ShouldBe((15, 5));
        results.NeverPassed.ShouldNotContain(t => t.Key == "median-value-1");

        var progress = new RecordedProgress();
        await study.RunAsync(progress, new() { Until = RunStep.Collect, RetryNulls = true }, Cancellation);
        progress.Messages.ShouldBe(["5 trials without a reward are run again"]);
        progress.Parts.Single().ShouldBe(("collect trials", Collected, 15));
        File.WriteAllText(test, whole);
    }

    [Fact]
    public async Task A_stage_in_which_nothing_works_stops_early()
    {
        using var study = new SmallStudy(concurrency: 1);
        foreach (var folder in Directory.GetDirectories(study.Tasks))
            File.WriteAllText(Path.Combine(folder, "tests", "test.sh"), "#!/bin/sh\nexit 0\n");
        File.WriteAllText(study.Study, File.ReadAllText(study.Study).Replace("attempts: 5", "attempts: 50", StringComparison.Ordinal));
        var error = await Should.ThrowAsync<CapvecException>(study.RunAsync(cancellation: Cancellation));
        error.Message.ShouldStartWith("the first 20 trials of stage collect all failed outside the model, the last because the verifier failed");
        study.Trials().Count.ShouldBe(20);
    }

    /// <summary>Runs the study in a process of its own and kills that as soon as a part of it has so many finished.</summary>
    private static async Task KillAsync(SmallStudy study, string part, int done)
    {
        using var child = StudyChild.Start(study.Study, study.Output);
        var inPart = false;
        var said = new List<string>();
        while (await child.StandardOutput.ReadLineAsync(Cancellation) is { } line)
        {
            said.Add(line);
            inPart |= line.Contains(part, StringComparison.Ordinal);
            if (inPart && line == $"done {done}")
            {
                child.Kill();
                await child.WaitForExitAsync(Cancellation);
                return;
            }
        }

        throw new InvalidOperationException($"the study ended before it could be killed: {string.Join('\n', said)}");
    }
}
