using System.Globalization;
using Capvec.Agents.Traces;
using Capvec.Engine.Loading;
using Capvec.Engine.Scheduling;
using Capvec.Experiments.Randomness;
using Capvec.Experiments.Results;
using Capvec.Experiments.Screening;
using Capvec.Experiments.Storage;
using Capvec.Experiments.Studies;
using Capvec.Steering.Activations;
using Capvec.Steering.Directions;
using Capvec.Steering.Estimation;

namespace Capvec.Experiments.Running;

/// <summary>Reads collected traces again under every layer and strength of a study's screen, into screen.json.</summary>
internal sealed class ScreenStep(StudyDefinition study, TextModel model, InferenceEngine engine, StudyFolder folder, IRunProgress progress)
{
    /// <summary>Screens the traces. Each is read under directions that were made without its task.</summary>
    public async Task RunAsync(IReadOnlyList<TrialRow> trials, ScreenChoice choice, CancellationToken cancellation)
    {
        var folds = ScreenFolds.Make(ActivationSet.Load(folder.Activations), trials.Select(t => t.Task), Seeds.Derive(study.Seed, "screen folds"), DirectionEstimators.Make(study.Direction.Estimator, seed: Seeds.Derive(study.Seed, "permutations")));
        var traces = trials.Select(trial =>
        {
            var path = Path.Combine(folder.Root, trial.TracePath);
            return ScreenTrace.Of(TraceReader.Load(path), path, model) with { Fold = folds.OfTask[trial.Task] };
        }).ToList();
        var plan = new ScreenPlan
        {
            Layers = choice.Layers,
            Strengths = choice.Strengths,
            Unit = study.StrengthUnit,
            KlBound = choice.KlBound,
            TargetKl = choice.TargetKl,
            Seed = Seeds.Derive(study.Seed, "screen"),
        };
        var screener = new Screener(engine, traces, DirectionFile.Load(folder.Directions), folds.Directions, plan);
        progress.Started(RunStep.Screen, "traces read under steering", screener.Passes, 0, "passes");
        var result = await screener.RunAsync(
            string.Create(CultureInfo.InvariantCulture, $"each trace is read under a direction made without its task ({folds.Directions.Count} folds of tasks)"),
            done => progress.Advanced(done, null), cancellation).ConfigureAwait(false);
        result.Save(folder.Screen);
        progress.Finished(string.Create(CultureInfo.InvariantCulture, $"{result.Points.Count} points on {result.Solved} solved and {result.Failed} failed traces; {result.Points.Count(p => p.InWindow)} in the window"));
    }
}
