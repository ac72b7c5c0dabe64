using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Capvec.Agents.Protocols;
using Capvec.Agents.Sandboxes;
using Capvec.Agents.Tasks;
using Capvec.Agents.Trials;
using Capvec.Engine.Loading;
using Capvec.Engine.Scheduling;
using Capvec.Experiments.Analysis;
using Capvec.Experiments.Randomness;
using Capvec.Experiments.Results;
using Capvec.Experiments.Screening;
using Capvec.Experiments.Storage;
using Capvec.Experiments.Studies;
using Capvec.Formats.Errors;
using Capvec.Numerics.Kernels;
using Capvec.Steering.Directions;

namespace Capvec.Experiments.Running;

/// <summary>
/// Runs a study: collect, capture, compute, screen, select, sweep. Each step skips what is done and does again what is stale (whose inputs have changed). Every
/// finished trial is on disk at once, so that a run that is killed at any moment goes on where it was when it is run again.
/// </summary>
public sealed class StudyRunner
{
    private readonly StudyDefinition _study;
    private readonly StudyFolder _folder;
    private readonly ISandboxFactory _sandboxes;
    private readonly IRunProgress _progress;
    private readonly TimeProvider _time;
    private readonly TerminalProtocol _protocol = TerminalProtocol.Load(TerminalProtocol.JsonTerminal);

    /// <summary>A runner of one study into one folder.</summary>
    /// <param name="study">What to do.</param>
    /// <param name="folder">Output folder; made where it is missing.</param>
    /// <param name="sandboxes">Where commands run.</param>
    /// <param name="progress">Is told how far it is; nobody when null.</param>
    /// <param name="time">The clock of time stamps and time limits.</param>
    public StudyRunner(StudyDefinition study, string folder, ISandboxFactory sandboxes, IRunProgress? progress = null, TimeProvider? time = null)
    {
        (_study, _folder) = (study, new StudyFolder(Path.GetFullPath(folder)));
        (_sandboxes, _progress, _time) = (sandboxes, progress ?? new NoProgress(), time ?? TimeProvider.System);
    }

    /// <summary>Does what is not done yet.</summary>
    /// <exception cref="CapvecException">Something in the study, the model, the tasks or the machine is wrong; what was finished is kept.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; what was finished is kept.</exception>
    public async Task RunAsync(RunOptions? options = null, CancellationToken cancellation = default)
    {
        options ??= new RunOptions();
        // Whatever can be wrong with the study's files is told before the folder is made or the model loaded.
        var tasks = TaskDivision.Of(_study.Tasks, TaskGroups.Load(_study.Tasks), _study.Seed);
        using var claim = _folder.Claim(_study.Yaml, _study.File);
        using var store = StudyStore.Open(_folder.Root);
        if (options.RetryNulls && store.ForgetNulls() is > 0 and var forgotten)
            _progress.Message($"{forgotten} trials without a reward are run again");
        using var model = TextModel.Load(_study.Model, options.Loading);
        var adapters = _study.Adapters.ToDictionary(a => a.Key, a => model.Model.LoadAdapter(a.Value));
        foreach (var note in model.Model.Notes.Concat(adapters.Values.SelectMany(adapter => adapter.Notes)))
            _progress.Message(note);
        var concurrency = options.Concurrency ?? _study.Compute.Concurrency;
        using var engine = new InferenceEngine(model.Model, Sizes(concurrency, options.Threads ?? _study.Compute.Threads) with { Activations = _study.Activations });
        StudyFacts.Note(store, _study, model.Model, adapters, tasks, _sandboxes.Name, _protocol.Name, engine.Options.Threads, _time);

        var planner = new TrialPlanner(_study, model.Model.Hash, _protocol.Name, _sandboxes.Name);
        var arms = new ArmPlanner(_study, adapters);
        var runner = new AgentRunner(new EngineReplySource(model, engine), _sandboxes, _protocol, _time);
        async Task TrialsAsync(RunStep step, string title, string stage, IReadOnlyList<TrialArm> list, IReadOnlyList<HarborTask> on, int attempts)
        {
            store.SetArms(stage, list.Select((a, i) => a.ToRow(stage, i, adapters.FirstOrDefault(x => x.Value == a.Adapter).Key, on.Count * attempts)));
            var loop = new TrialLoop(runner, store, _folder, _study.Sampling, _progress);
            await loop.RunAsync(step, title, stage, planner.Plan(stage, list, on, attempts), concurrency, cancellation).ConfigureAwait(false);
        }

        await TrialsAsync(RunStep.Collect, "collect trials", Stages.Collect, arms.Collect(), tasks.Selection, _study.Collect.Attempts).ConfigureAwait(false);
        if (options.Until == RunStep.Collect)
            return;

        // Residual streams are read with float32 activations, whatever the weights are; trials may take the fast kernels.
        using (var exact = new InferenceEngine(model.Model, engine.Options with { Activations = Activations.Float32 }))
            await CaptureAsync(store, model, exact, cancellation).ConfigureAwait(false);
        if (options.Until == RunStep.Capture)
            return;

        cancellation.ThrowIfCancellationRequested();
        Compute(store);
        if (options.Until == RunStep.Compute)
            return;

        var ranking = RankingFile.Load(_folder.RankingJson);
        var directions = new LayerDirections(DirectionFile.Load(_folder.Directions), _study.StrengthUnit, _study.Seed, Path.GetDirectoryName(_study.File)!);
        if (_study.Screen is { } screen)
            await ScreenAsync(store, model, engine, screen, cancellation).ConfigureAwait(false);
        if (options.Until == RunStep.Screen)
            return;

        if (_study.Select is { By: SelectionRule.Sweep } select)
            await TrialsAsync(RunStep.Select, "selection trials", Stages.Selection, arms.Selection(select, ranking, directions), tasks.Selection, select.Attempts).ConfigureAwait(false);
        var candidate = Choose(store, ranking);
        if (options.Until == RunStep.Select)
            return;

        var known = ranking.Select(r => r.Layer).ToList();
        await TrialsAsync(RunStep.Sweep, "test trials", Stages.Test, arms.Test(candidate, directions, known), tasks.Test, _study.Sweep.Attempts).ConfigureAwait(false);
        StudyFacts.NoteEnd(store, _time);
    }

    private static EngineOptions Sizes(int concurrency, int? threads)
    {
        var sizes = new EngineOptions { MaxSequences = concurrency };
        sizes = sizes with { RowsPerStep = Math.Max(sizes.RowsPerStep, concurrency) };
        return threads is { } some ? sizes with { Threads = some } : sizes;
    }

    private static string Hash(IEnumerable<string> parts) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', parts))));

    private async Task CaptureAsync(StudyStore store, TextModel model, InferenceEngine engine, CancellationToken cancellation)
    {
        var traces = ContrastTraces.Find(_study.Direction, store.Trials());
        var inputs = Hash(traces.Select(t => $"{t.Trial.TracePath} {t.Trial.TokensHash} {t.IsPositive}").Prepend($"{model.Model.Hash} {_study.Direction.Positions}"));
        if (store.Step("capture") == inputs && File.Exists(_folder.Activations))
            return;
        await new CaptureStep(model, engine, _folder, _progress).RunAsync(traces, _study.Direction, cancellation).ConfigureAwait(false);
        store.FinishStep("capture", inputs, _time.GetUtcNow());
    }

    private void Compute(StudyStore store)
    {
        var inputs = Hash([store.Step("capture")!, _study.Compute.Permutations.ToString(CultureInfo.InvariantCulture), _study.Direction.Estimator]);
        if (store.Step("compute") == inputs && File.Exists(_folder.Directions) && File.Exists(Path.Combine(_folder.Vectors, "dir.pt")) && File.Exists(_folder.RankingJson) && File.Exists(_folder.Audit))
            return;
        ComputeStep.Run(_folder, _study.Direction.Estimator, _study.Compute.Permutations, Seeds.Derive(_study.Seed, "permutations"), _time, _progress);
        store.FinishStep("compute", inputs, _time.GetUtcNow());
    }

    private async Task ScreenAsync(StudyStore store, TextModel model, InferenceEngine engine, ScreenChoice choice, CancellationToken cancellation)
    {
        var traces = ScreenTraces.Choose(store.Trials(), choice.Traces, Seeds.Derive(_study.Seed, "screen traces"));
        var inputs = Hash(traces.Select(t => $"{t.TracePath} {t.TokensHash}").Prepend($"{store.Step("capture")} {model.Model.Hash} {_study.StrengthUnit} {JsonSerializer.Serialize(choice)}"));
        if (store.Step("screen") != inputs || !File.Exists(_folder.Screen))
        {
            await new ScreenStep(_study, model, engine, _folder, _progress).RunAsync(traces, choice, cancellation).ConfigureAwait(false);
            store.FinishStep("screen", inputs, _time.GetUtcNow());
        }

        foreach (var p in ScreenResult.Load(_folder.Screen).Proposals())
            _progress.Message(string.Create(CultureInfo.InvariantCulture, $"the screen proposes layer {p.Layer} at strength {p.Strength:0.####}: predicted effect {Figures.Points(p.Effect)} points of pass rate [{Figures.Points(p.EffectInterval.Lower)}, {Figures.Points(p.EffectInterval.Upper)}], KL {p.Kl:0.000}"));
    }

    private Candidate? Choose(StudyStore store, IReadOnlyList<LayerRank> ranking)
    {
        var candidate = _study.Select switch
        {
            null => null,
            { By: SelectionRule.HeldOutAuc } plan => SelectionRules.ByRanking(plan, ranking),
            { By: SelectionRule.Screen } => SelectionRules.ByScreen(ScreenResult.Load(_folder.Screen)),
            _ => SelectionRules.BySweep([.. store.Arms().Where(a => a.Stage == Stages.Selection)], [.. store.Trials().Where(t => t.Stage == Stages.Selection)], ranking),
        };
        if (candidate is not null)
        {
            SelectionFile.Save(_folder, candidate);
            _progress.Message($"chosen: {candidate.Reason}");
        }

        return candidate;
    }
}
