using Capvec.Agents.Traces;
using Capvec.Engine.Interventions;
using Capvec.Engine.Loading;
using Capvec.Engine.Requests;
using Capvec.Engine.Scheduling;
using Capvec.Experiments.Analysis;
using Capvec.Experiments.Running;
using Capvec.Experiments.Screening;
using Capvec.Steering.Activations;
using Capvec.Steering.Directions;
using Capvec.Tests;

namespace Capvec.Experiments.Tests.Running;

/// <summary>A study with a screen, on the phantom, in real sandboxes.</summary>
public class ScreenStudyTests
{
    private const string Screen = "screen: {layers: [3, 9, 11], strengths: [1, 4], traces: 12, kl_bound: 100, target_kl: 0.003}\nselect: {by: held-out-auc}";

    // A log-probability is the difference of two float32 of size up to 30 (4e-6); means over hundreds of tokens of such differences stay within it.
    private const double Tolerance = 1e-5;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_screen_comes_between_directions_and_trials_and_is_not_done_twice()
    {
        using var study = new SmallStudy(select: Screen);
        var progress = new RecordedProgress();
        await study.RunAsync(progress, new() { Until = RunStep.Screen }, Cancellation);
        progress.Parts.Select(p => p.Title).ShouldBe(["collect trials", "residuals of traces", "directions and their ranking", "traces read under steering"]);
        var path = Path.Combine(study.Output, "screen.json");
        var written = File.ReadAllText(path);
        var screen = ScreenResult.Load(path);
        screen.Points.Select(p => (p.Layer, p.Strength)).Order().ShouldBe([(3, 1), (3, 4), (9, 1), (9, 4), (11, 1), (11, 4)]);
        (screen.Unit, screen.HeldOut).ShouldBe(("difference", "each trace is read under a direction made without its task (4 folds of tasks)"));
        screen.KlTokens.ShouldBe(screen.Tokens);
        screen.IsoKl.ShouldNotBeEmpty();
        screen.IsoKl.ShouldAllBe(p => Math.Abs((p.Kl / 0.003) - 1) <= IsoKlCurve.Tolerance + 1e-9);
        screen.Points.Select(p => p.InWindow).ShouldBe(screen.Points.Select(p => p.EffectInterval.Lower > 0));
        // More of a direction moves the model further, and makes the stream longer at these doses.
        foreach (var layer in screen.Points.GroupBy(p => p.Layer))
            layer.Single(p => p.Strength == 4).Kl.ShouldBeGreaterThan(layer.Single(p => p.Strength == 1).Kl);
        await CheckAsync(study, screen.Points.First(p => p.Layer == 9));

        progress = new RecordedProgress();
        await study.RunAsync(progress, cancellation: Cancellation);
        progress.Parts.Select(p => p.Title).ShouldBe(["collect trials", "test trials"]);
        File.ReadAllText(path).ShouldBe(written);
        var results = StudyAnalysis.Read(study.Output);
        progress.Messages.Count(m => m.StartsWith("the screen proposes", StringComparison.Ordinal)).ShouldBe(screen.Proposals().Count);
        results.Screen!.Points.Count.ShouldBe(6);
        results.ScreenAgreement.ShouldBeNull(); // one point was tried

        // A lost file is made again, the same to the letter.
        File.Delete(path);
        await study.RunAsync(options: new() { Until = RunStep.Screen }, cancellation: Cancellation);
        File.ReadAllText(path).ShouldBe(written);
    }

    // One point again, the plain way: whole logits of one sequence at a time, on an engine that shares nothing.
    private static async Task CheckAsync(SmallStudy study, ScreenPoint point)
    {
        using var model = TextModel.Load(Repository.File("models", "phantom", "checkpoint"));
        using var engine = new InferenceEngine(model.Model, new EngineOptions { CacheBytes = 0 });
        var trials = ScreenTraces.Choose(study.Trials(), 12, Seed("screen traces"));
        var activations = ActivationSet.Load(Path.Combine(study.Output, "activations.safetensors"));
        var folds = ScreenFolds.Make(activations, trials.Select(t => t.Task), Seed("screen folds"));
        foreach (var (task, fold) in folds.OfTask)
            folds.Directions[fold].Provenance.TrainingTraces.ShouldAllBe(id => !id.Contains(task, StringComparison.Ordinal));
        var margin = DirectionFile.Load(Path.Combine(study.Output, "vectors", "dir.safetensors")).At(point.Layer).Margin!.Value;
        var (sides, kls, growths) = (new Dictionary<bool, List<double>> { [true] = [], [false] = [] }, new List<double>(), new List<double>());
        var weights = new List<(bool Passed, double Weight)>();
        var openings = new Dictionary<string, List<double>>();
        foreach (var trial in trials)
        {
            var trace = TraceReader.Load(Path.Combine(study.Output, trial.TracePath));
            var conversation = trace.Trial.Conversation!.Encoded();
            var own = Enumerable.Range(1, conversation.Ids.Length - 1).Where(t => conversation.Own[t]).ToList();
            var plan = SteeringPlan.Add(point.Layer, folds.Directions[folds.OfTask[trial.Task]].At(point.Layer).Unit, (float)(point.Strength * margin));
            var (plain, steered) = (await Pass(SteeringPlan.None), await Pass(plan));
            sides[trial.Passed].Add(own.Average(t => steered.NextLogProbs[t - 1] - (double)plain.NextLogProbs[t - 1]));
            weights.Add((trial.Passed, Math.Exp(own.Sum(t => steered.NextLogProbs[t - 1] - (double)plain.NextLogProbs[t - 1]))));
            kls.Add(own.Average(t => Kl(Row(plain, t - 1), Row(steered, t - 1))));
            growths.Add((own.Average(t => Length(steered, t)) / own.Average(t => Length(plain, t))) - 1);
            foreach (var (marks, range) in trace.Steps.Where(s => s.Source == StepSource.Agent).Select(s => s.Extra!.Capvec!.Marks).Zip(trace.Trial.Conversation.Own))
            {
                foreach (var mark in trial.Passed ? [] : marks)
                {
                    var change = Enumerable.Range(range[0], Math.Min(8, range[1] - range[0])).Sum(t => steered.NextLogProbs[t - 1] - (double)plain.NextLogProbs[t - 1]);
                    (openings.TryGetValue(mark, out var list) ? list : openings[mark] = []).Add(change);
                }
            }

            Task<ForwardResult> Pass(SteeringPlan steering) => engine.ForwardAsync(
                new ForwardRequest { Tokens = conversation.Ids, Own = conversation.Own, Steering = steering, Logits = LogitRows.All, NextLogProbs = true, Capture = new CaptureRequest { Layers = [point.Layer], Reduction = CaptureReduction.All } },
                Cancellation);
            double Length(ForwardResult result, int t) => Direction.Length(result.Capture!.Values[0].AsSpan(t * model.Model.Hidden, model.Model.Hidden));
            double[] Row(ForwardResult result, int t) => LogSoftmax(result.Logits.AsSpan(t * model.Model.Vocabulary, model.Model.Vocabulary));
        }

        point.Solved.ShouldBe(sides[true].Average(), Tolerance);
        point.Failed.ShouldBe(sides[false].Average(), Tolerance);
        var (solved, failed) = (weights.Where(w => w.Passed).Sum(w => w.Weight), weights.Where(w => !w.Passed).Sum(w => w.Weight));
        point.Effect.ShouldBe((solved / (solved + failed)) - weights.Average(w => w.Passed ? 1.0 : 0.0), 1e-3); // a trace's weight is exp of a sum of hundreds of such differences
        (point.Solved - point.Failed).ShouldBeInRange(point.DifferenceInterval.Lower, point.DifferenceInterval.Upper);
        point.Kl.ShouldBe(kls.Average(), Tolerance);
        point.NormGrowth.ShouldBe(growths.Average(), Tolerance);
        point.Openings.Keys.ShouldBe(openings.Keys.Order(StringComparer.Ordinal));
        foreach (var (mark, change) in point.Openings)
        {
            change.Replies.ShouldBe(openings[mark].Count);
            change.Change.ShouldBe(openings[mark].Average(), 10 * Tolerance);
        }
    }

    private static ulong Seed(string part) => Experiments.Randomness.Seeds.Derive(5, part);

    private static double[] LogSoftmax(ReadOnlySpan<float> logits)
    {
        var values = logits.ToArray().Select(x => (double)x).ToArray();
        var max = values.Max();
        var normaliser = max + Math.Log(values.Sum(x => Math.Exp(x - max)));
        return [.. values.Select(x => x - normaliser)];
    }

    private static double Kl(double[] p, double[] q) => p.Zip(q, (a, b) => Math.Exp(a) * (a - b)).Sum();
}
