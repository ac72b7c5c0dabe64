using System.CommandLine;
using System.Text.Json.Nodes;
using Capvec.Agents.Protocols;
using Capvec.Agents.Sandboxes;
using Capvec.Agents.Tasks;
using Capvec.Agents.Traces;
using Capvec.Agents.Trials;
using Capvec.Cli.Hosting;
using Capvec.Cli.Options;
using Capvec.Cli.Output;
using Capvec.Cli.Progress;
using Capvec.Engine.Scheduling;
using Capvec.Formats.Errors;

namespace Capvec.Cli.Commands;

/// <summary>capvec collect: an agent on tasks, with traces as the result.</summary>
internal sealed class CollectCommand : CapvecCommand
{
    private readonly Option<string> _model = PathOptions.Model();
    private readonly Option<string> _adapter = PathOptions.Adapter();
    private readonly SteeringOptions _steering = new();
    private readonly Option<string> _tasks = PathOptions.Folder("--tasks", "A task's folder (task.toml), or a folder of such folders.", required: true);
    private readonly Option<int> _attempts = NumberOptions.Number("--attempts", "Attempts at each task.", 1, 1, 100_000);
    private readonly SamplingFlags _sampling = new(temperature: 0.8f);
    private readonly Option<string> _out = PathOptions.NewFolder("--out", "Folder for the traces, one ATIF file a trial.", required: true);
    private readonly Option<string?> _arm = new("--arm") { Description = "Name of the arm in the traces; the adapter's name, \"base\", or \"steered-\" and the steering's fingerprint when left out.", HelpName = "NAME" };
    private readonly Option<int> _turns = NumberOptions.Number("--max-turns", "Most replies of a trial.", 6, 1, 10_000);
    private readonly Option<int> _tokens = NumberOptions.Number("--max-tokens", "Most tokens of a reply.", 200, 1, 1_000_000);
    private readonly Option<int> _atOnce = NumberOptions.Number("--at-once", "Trials that run at the same time; it changes the speed, not the results.", 24, 1, 1024);

    /// <summary>Makes the command.</summary>
    public CollectCommand(Option<bool> json)
        : base(
            "collect", "Runs an agent on tasks in sandboxes, writes a trace of each trial, and counts passes, failures and failure marks. Run again, it does what is missing.",
            "capvec collect --model models/phantom/checkpoint --tasks tasks/sprint --attempts 4 --seed 1 --out runs/traces", json)
    {
        Options.Add(_model);
        Options.Add(_adapter);
        _steering.AddTo(this);
        Options.Add(_tasks);
        Options.Add(_attempts);
        _sampling.AddTo(this);
        foreach (var option in new Option[] { _out, _arm, _turns, _tokens, _atOnce })
            Options.Add(option);
    }

    /// <inheritdoc/>
    protected override async Task<JsonObject?> RunAsync(ParseResult arguments, CommandOutput output, CancellationToken cancellation)
    {
        var source = arguments.GetRequiredValue(_tasks);
        var tasks = File.Exists(Path.Combine(source, TaskReader.ConfigFile)) ? [TaskReader.Load(source)] : TaskReader.LoadAll(source);
        var folder = arguments.GetRequiredValue(_out);
        var sandboxes = NamespaceSandboxFactory.Create();
        var steeringOf = _steering.Read(arguments);
        using var text = await ModelLoading.TextAsync(arguments.GetRequiredValue(_model), cancellation);
        var adapter = arguments.GetValue(_adapter) is { } path ? ModelLoading.Adapter(text.Model, path) : null;
        var steering = steeringOf(text.Model);
        var sampling = _sampling.Read(arguments);
        var arm = arguments.GetValue(_arm) ?? (steering.IsEmpty ? adapter?.Name ?? "base" : $"steered-{steering.Fingerprint}");
        var requests = Enumerable.Range(0, arguments.GetValue(_attempts)).SelectMany(attempt => tasks.Select(task => new TrialRequest
        {
            Task = task,
            Arm = arm,
            Attempt = attempt,
            Seed = TrialSeeds.OfTrial(sampling.Seed, task.Name, attempt),
            Adapter = adapter,
            Steering = steering,
            Sampling = sampling,
            MaxTurns = arguments.GetValue(_turns),
            MaxReplyTokens = arguments.GetValue(_tokens),
        })).ToList();

        var done = requests.Select(request => Finished(request, folder, text.Model.Hash)).OfType<TrialRecord>().ToDictionary(trial => (trial.Task, trial.Attempt));
        var missing = requests.Where(request => !done.ContainsKey((request.Task.Name, request.Attempt))).ToList();
        if (done.Count > 0)
            CommandOutput.Remark($"{done.Count} of {requests.Count} trials are there already");
        using var engine = new InferenceEngine(text.Model);
        var runner = new AgentRunner(new EngineReplySource(text, engine), sandboxes, TerminalProtocol.Load(TerminalProtocol.JsonTerminal));
        await using (var progress = ProgressDisplay.Create())
        {
            var step = progress.Begin($"collect {arm}", requests.Count, "trials", done.Count);
            var (ended, passed) = (done.Count, done.Values.Count(trial => trial.Reward >= 0.5));
            try
            {
                await runner.RunAllAsync(
                    missing, arguments.GetValue(_atOnce),
                    (_, result) =>
                    {
                        TraceWriter.Write(folder, result.Trace);
                        done[(result.Trace.Trial.Task, result.Trace.Trial.Attempt)] = result.Trace.Trial;
                        passed += result.Reward >= 0.5 ? 1 : 0;
                        step.Report(++ended, $"{passed} passed");
                    },
                    cancellation);
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                throw new CapvecException($"stopped; {ended} of {requests.Count} trials are in {folder}. The same command does the rest.", exitCode: CommandHost.Interrupted);
            }
            finally
            {
                step.End();
            }
        }

        var tally = Tally.Of(done.Values.Select(trial => (trial.Reward, trial.Marks)));
        output.Line($"passed {tally.Passed}, failed {tally.Failed}, null {tally.Nulls}");
        output.Line($"marks: {MarksText.Of(tally.Marks)}");
        if (tally.Nulls == requests.Count)
            throw new CapvecException($"no trial got a reward; the first failed so: {done.Values.First().Failure}");
        var json = tally.Json();
        json["arm"] = arm;
        json["tasks"] = tasks.Count;
        json["attempts"] = arguments.GetValue(_attempts);
        json["model_hash"] = text.Model.Hash;
        json["steering"] = steering.Fingerprint;
        json["out"] = Path.GetFullPath(folder);
        return json;
    }

    /// <summary>The trial of an earlier run with the same settings, or null; one without a reward is run again.</summary>
    private static TrialRecord? Finished(TrialRequest request, string folder, string modelHash)
    {
        var path = TraceWriter.PathOf(folder, request.Arm, request.Task.Name, request.Attempt);
        if (!File.Exists(path))
            return null;
        var trial = TraceReader.Load(path).Trial;
        var same = trial.Seed == request.Seed && trial.TaskHash == request.Task.Hash && trial.Model.Hash == modelHash && trial.Adapter?.Hash == request.Adapter?.Hash
            && trial.Steering == request.Steering.Fingerprint && trial.MaxTurns == request.MaxTurns && trial.Sampling.Temperature == request.Sampling.Temperature
            && trial.Sampling.TopK == request.Sampling.TopK && trial.Sampling.TopP == request.Sampling.TopP && trial.Sampling.MinP == request.Sampling.MinP && trial.Sampling.MaxReplyTokens == request.MaxReplyTokens;
        if (!same)
            throw new CapvecException($"{path} is a trace of a run with other settings (seed, model, steering, task or sampling); choose another --out or --arm.", exitCode: CapvecException.WrongUsage);
        return trial.Reward is null ? null : trial;
    }
}
