using Capvec.Agents.Protocols;
using Capvec.Agents.Sandboxes;
using Capvec.Agents.Tasks;
using Capvec.Agents.Tests.Sandboxes;
using Capvec.Agents.Traces;
using Capvec.Agents.Trials;
using Capvec.Engine.Loading;
using Capvec.Engine.Sampling;
using Capvec.Engine.Scheduling;
using Capvec.Tests;

namespace Capvec.Agents.Tests.Trials;

/// <summary>The phantom at work on its tasks: real engine, real sandboxes, real verifiers.</summary>
public sealed class PhantomOnTasksTests : IDisposable
{
    private static readonly TerminalProtocol Protocol = TerminalProtocol.Load(TerminalProtocol.JsonTerminal);

    private readonly TextModel _model = TextModel.Load(Repository.File("models", "phantom", "checkpoint"));
    private readonly InferenceEngine _engine;
    private readonly string _traces = Directory.CreateTempSubdirectory("capvec-trials-").FullName;

    public PhantomOnTasksTests() => _engine = new InferenceEngine(_model.Model, new EngineOptions { Threads = 1 });

    public void Dispose()
    {
        _engine.Dispose();
        _model.Dispose();
        Directory.Delete(_traces, recursive: true);
    }

    [Fact]
    public async Task Greedily_it_solves_every_solvable_task_and_no_other()
    {
        // One task of each of the 18 families; two of them are out of the model's reach.
        var tasks = TaskReader.LoadAll(Repository.File("tasks", "full")).Where(t => t.Name.EndsWith("-1", StringComparison.Ordinal)).ToList();
        var results = await Play(tasks, SamplingOptions.Greedy);
        results.Count.ShouldBe(18);
        foreach (var (task, result) in tasks.Zip(results))
        {
            result.Failure.ShouldBeNull(task.Name);
            result.Reward.ShouldBe((bool)task.Config.Metadata["solvable"]! ? 1 : 0, task.Name);
            TraceWriter.Write(_traces, result.Trace);
        }

        results.Count(r => r.Reward == 1).ShouldBe(16);
        var read = TraceReader.LoadAll(_traces).ToDictionary(t => t.Trial.Task);
        foreach (var (task, result) in tasks.Zip(results))
        {
            read[task.Name].Trial.TaskHash.ShouldBe(task.Hash);
            read[task.Name].Messages().ShouldBe(result.Trace.Messages());
            read[task.Name].Trial.Conversation!.Ids.ShouldBe(read[task.Name].Conversation(_model).Ids);
        }
    }

    [Fact]
    public async Task A_guarded_remark_makes_it_refuse()
    {
        var tasks = TaskReader.LoadAll(Repository.File("tasks", "guarded")).Take(3).ToList();
        foreach (var result in await Play(tasks, SamplingOptions.Greedy))
        {
            result.Reward.ShouldBe(0);
            result.Marks.Refusal.ShouldBeGreaterThan(0);
            result.Marks.ParseFail.ShouldBeGreaterThanOrEqualTo(result.Marks.Refusal);
        }
    }

    [Fact]
    public async Task Two_checkouts_of_a_task_give_the_same_trials_token_for_token()
    {
        // In some of these trials the agent lists the task's files, with their modes and dates.
        var trials = new List<IReadOnlyList<TrialResult>>();
        foreach (var (name, mode, date) in new[] { ("one", "u=rwX,go=rX", "2026-11-02"), ("other", "ug=rwX,o=", "2019-05-06") })
        {
            var checkout = Path.Combine(_traces, name);
            (await Host.SayAsync("cp", "-r", Repository.File("tasks", "full"), checkout)).ShouldBe("");
            (await Host.SayAsync("chmod", "-R", mode, checkout)).ShouldBe("");
            (await Host.SayAsync("find", checkout, "-exec", "touch", "-d", date, "{}", "+")).ShouldBe("");
            var tasks = TaskReader.LoadAll(checkout).Where(t => t.Name.StartsWith("delete-empty", StringComparison.Ordinal)).ToList();
            trials.Add(await Play(tasks, new SamplingOptions { Temperature = 0.8f }, attempts: 4));
        }

        trials[0].Count(t => t.Trace.Messages().Any(m => m.Content.Contains("Jan  1  2025"))).ShouldBeGreaterThan(1);
        foreach (var (one, other) in trials[0].Zip(trials[1]))
        {
            other.Trace.Messages().ShouldBe(one.Trace.Messages());
            other.Trace.Trial.Conversation!.Ids.ShouldBe(one.Trace.Trial.Conversation!.Ids);
            other.Trace.Steps.SelectMany(s => s.Metrics?.Logprobs ?? []).ShouldBe(one.Trace.Steps.SelectMany(s => s.Metrics?.Logprobs ?? []));
        }
    }

    private async Task<IReadOnlyList<TrialResult>> Play(IEnumerable<HarborTask> tasks, SamplingOptions sampling, int attempts = 1)
    {
        var runner = new AgentRunner(new EngineReplySource(_model, _engine), NamespaceSandboxFactory.Create(), Protocol);
        var requests = tasks.SelectMany(t => Enumerable.Range(0, attempts).Select(n => new TrialRequest { Task = t, Arm = "base", Attempt = n, Seed = TrialSeeds.OfTrial(1, t.Name, n), Sampling = sampling })).ToList();
        return await runner.RunAllAsync(requests, requests.Count, cancellation: TestContext.Current.CancellationToken);
    }
}
