using System.Collections.Immutable;
using System.Text.Json;
using Capvec.Agents.Protocols;
using Capvec.Agents.Traces;
using Capvec.Agents.Trials;
using Capvec.Engine.Interventions;
using Capvec.Engine.Loading;
using Capvec.Engine.Requests;
using Capvec.Engine.Sampling;
using Capvec.Engine.Scheduling;
using Capvec.Tests;

namespace Capvec.Agents.Tests.Trials;

/// <summary>Trials of the real phantom through the real engine. The terminal's answers are fixed, so that the conversations depend on the model alone.</summary>
public sealed class PhantomTrialsTests : IDisposable
{
    private static readonly TerminalProtocol Protocol = TerminalProtocol.Load(TerminalProtocol.JsonTerminal);

    private readonly TextModel _model = TextModel.Load(Repository.File("models", "phantom", "checkpoint"));
    private readonly InferenceEngine _engine;
    private readonly AgentRunner _runner;

    public PhantomTrialsTests()
    {
        _engine = new InferenceEngine(_model.Model, new EngineOptions { Threads = 1 });
        _runner = new AgentRunner(new EngineReplySource(_model, _engine), new ScriptedSandbox(_ => new("7\n", "", 0, false)), Protocol, new ManualTime());
    }

    public void Dispose()
    {
        _engine.Dispose();
        _model.Dispose();
    }

    [Fact]
    public async Task A_trial_is_the_same_alone_and_among_others_to_the_last_bit()
    {
        var requests = Enumerable.Range(0, 5).Select(n => Request(n) with { MaxTurns = 3 }).ToList();
        var together = await _runner.RunAllAsync(requests, 5, cancellation: TestContext.Current.CancellationToken);
        foreach (var n in new[] { 0, 3 })
        {
            var alone = await _runner.RunAsync(requests[n], TestContext.Current.CancellationToken);
            Replies(alone).ShouldBe(Replies(together[n]));
            Replies(alone).ShouldNotBe(Replies(together[n + 1]));
        }
    }

    [Fact]
    public async Task Greedy_first_replies_on_18_tasks_are_the_reference_s_token_for_token()
    {
        var expected = new List<(string Task, int[] Reply)>();
        foreach (var line in File.ReadLines(Repository.Shared("phantom", "goldens", "goldens.jsonl")))
        {
            using var row = JsonDocument.Parse(line);
            var root = row.RootElement;
            if (root.GetProperty("what").GetString() != "greedy" || root.GetProperty("model").GetString() != "base" || root.GetProperty("steer").ValueKind != JsonValueKind.Null)
                continue;
            if (root.GetProperty("id").GetString() is { } id && !id.StartsWith("later/", StringComparison.Ordinal))
                expected.Add((id, [.. root.GetProperty("greedy_ids").EnumerateArray().Select(t => t.GetInt32()), .. root.GetProperty("ended").GetBoolean() ? [2] : Array.Empty<int>()]));
        }

        var requests = expected.Select(e => Requests.Of(File.ReadAllText(Repository.File("tasks", e.Task, "instruction.md"))) with { Sampling = SamplingOptions.Greedy, MaxTurns = 1, MaxReplyTokens = 160 });
        var results = await _runner.RunAllAsync([.. requests], 18, cancellation: TestContext.Current.CancellationToken);
        results.Count.ShouldBe(18);
        foreach (var (result, golden) in results.Zip(expected))
            result.Trace.Steps[1].Metrics!.CompletionTokenIds.ShouldBe(golden.Reply, golden.Task);
        results.Zip(expected).Where(r => r.Second.Task.StartsWith("guarded/", StringComparison.Ordinal)).ShouldAllBe(r => r.First.Marks.Refusal == 1);
        results.Zip(expected).Where(r => !r.Second.Task.StartsWith("guarded/", StringComparison.Ordinal)).ShouldAllBe(r => r.First.Marks.Refusal == 0);
    }

    [Fact]
    public async Task Greedy_first_replies_use_the_terminal_and_end_with_the_stop_token()
    {
        var result = await _runner.RunAsync(Request(0) with { Sampling = SamplingOptions.Greedy }, TestContext.Current.CancellationToken);
        var step = result.Trace.Steps[1];
        step.ToolCalls.ShouldNotBeNull().ShouldContain(c => c.FunctionName == "bash_command");
        step.Metrics!.CompletionTokenIds![^1].ShouldBe(2);
        step.Metrics.Logprobs!.Count.ShouldBe(step.Metrics.CompletionTokenIds.Count);
        step.Metrics.Logprobs.ShouldAllBe(p => p <= 0);
        _model.Tokenizer.Decode([.. step.Metrics.CompletionTokenIds], skipSpecial: true).ShouldBe(step.Message);
        step.Message.ShouldNotContain("<|im_end|>");
    }

    [Fact]
    public async Task Replies_are_cut_at_their_limit_and_marked()
    {
        var result = await _runner.RunAsync(Request(0) with { MaxReplyTokens = 5, MaxTurns = 2 }, TestContext.Current.CancellationToken);
        result.Marks.LengthCut.ShouldBe(2);
        result.Marks.ParseFail.ShouldBe(2);
        result.Trace.Steps[1].Metrics!.CompletionTokenIds!.Count.ShouldBe(5);
        result.Trace.FinalMetrics!.TotalCompletionTokens.ShouldBe(10);
    }

    [Fact]
    public async Task Later_turns_take_up_the_state_of_earlier_ones()
    {
        var result = await _runner.RunAsync(Request(0) with { Sampling = SamplingOptions.Greedy }, TestContext.Current.CancellationToken);
        result.Trace.Steps.Count.ShouldBeGreaterThan(2);
        result.Trace.Steps.Skip(2).ShouldAllBe(s => s.Metrics!.CachedTokens > 0);
        result.Trace.FinalMetrics!.TotalCachedTokens.ShouldBe(result.Trace.Steps.Sum(s => s.Metrics?.CachedTokens ?? 0));
    }

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public async Task The_stored_conversation_run_again_gives_the_log_probabilities_of_the_replies(bool prompt, bool generated)
    {
        // Steering that acts on one kind of token only: a token whose mark were wrong would be steered wrongly, and the figures would differ.
        var direction = Enumerable.Range(0, _model.Model.Hidden).Select(i => MathF.Sin(i)).ToArray();
        var steering = SteeringPlan.Add(3, direction, 2, new SteeringMask(prompt, generated));
        var result = await _runner.RunAsync(Request(1) with { Sampling = SamplingOptions.Greedy, Steering = steering }, TestContext.Current.CancellationToken);
        result.Trace.Trial.Steering.ShouldBe(steering.Fingerprint);
        var stored = result.Trace.Trial.Conversation.ShouldNotBeNull().Encoded();
        var again = result.Trace.Conversation(_model);
        again.Ids.ShouldBe(stored.Ids);
        again.Own.ShouldBe(stored.Own);

        var forward = await _engine.ForwardAsync(new ForwardRequest { Tokens = stored.Ids, Own = stored.Own, Steering = steering, NextLogProbs = true }, TestContext.Current.CancellationToken);
        var own = Enumerable.Range(1, stored.Ids.Length - 1).Where(i => stored.Own[i]).ToList();
        own.Select(i => stored.Ids[i]).ShouldBe(result.Trace.Steps.Skip(1).SelectMany(s => s.Metrics!.CompletionTokenIds!));
        var recorded = result.Trace.Steps.Skip(1).SelectMany(s => s.Metrics!.Logprobs!).ToList();
        own.Select(i => forward.NextLogProbs[i - 1]).ShouldBe(recorded);

        var turned = await _engine.ForwardAsync(
            new ForwardRequest { Tokens = stored.Ids, Own = [.. stored.Own.Select(o => !o)], Steering = steering, NextLogProbs = true }, TestContext.Current.CancellationToken);
        own.Select(i => turned.NextLogProbs[i - 1]).ShouldNotBe(recorded);
    }

    [Fact]
    public async Task Each_turn_records_what_the_gates_decided_on_its_whole_prompt()
    {
        var direction = Enumerable.Range(0, _model.Model.Hidden).Select(i => MathF.Sin(i)).ToArray();
        var gate = new SteeringGate(3, direction, GateComparison.Below, 1e6f, over: GateReduction.Mean);
        var plan = new SteeringPlan([new Intervention(SteeringOperation.Add, 3, direction, 2) { Gate = gate }]);
        var result = await _runner.RunAsync(Request(1) with { Sampling = SamplingOptions.Greedy, Steering = plan, MaxTurns = 2 }, TestContext.Current.CancellationToken);
        result.Trace.Trial.Steering.ShouldBe(plan.Fingerprint);
        Replies(result).ShouldBe(Replies(await _runner.RunAsync(Request(1) with { Sampling = SamplingOptions.Greedy, Steering = SteeringPlan.Add(3, direction, 2), MaxTurns = 2 }, TestContext.Current.CancellationToken)));
        foreach (var step in result.Trace.Steps.Skip(1))
        {
            var record = step.Extra!.Capvec!.Gates.ShouldNotBeNull().ShouldHaveSingleItem();
            var decision = (await _engine.DecideAsync([.. step.Metrics!.PromptTokenIds!], null, [gate], TestContext.Current.CancellationToken)).Single();
            record.ShouldBe(new GateRecord(3, GateMeasure.Projection, GateReduction.Mean, GateComparison.Below, 1e6f, decision.Value, true));
        }

        var folder = Directory.CreateTempSubdirectory("capvec-gates-").FullName;
        var path = TraceWriter.Write(folder, result.Trace);
        TraceReader.Load(path).Steps[1].Extra!.Capvec!.Gates!.ShouldBe(result.Trace.Steps[1].Extra!.Capvec!.Gates!);
        File.ReadAllText(path).ShouldContain("\"measure\":\"projection\",\"over\":\"mean\",\"comparison\":\"below\"");
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_trial_that_is_cancelled_in_the_middle_of_a_reply_ends()
    {
        using var cancel = new CancellationTokenSource();
        var running = _runner.RunAllAsync([.. Enumerable.Range(0, 8).Select(n => Request(n))], 8, (_, _) => cancel.Cancel(), cancel.Token);
        await Should.ThrowAsync<OperationCanceledException>(() => running);
    }

    private static TrialRequest Request(int n) => Requests.Of("How many lines of /app/circle.log contain ERROR? Write only the number to /app/topaz.txt.", n);

    private static ImmutableArray<string> Replies(TrialResult result) =>
        [.. result.Trace.Steps.Skip(1).Select(s => $"{s.Message}|{string.Join(' ', s.Metrics!.CompletionTokenIds!)}|{string.Join(' ', s.Metrics.Logprobs!.Select(BitConverter.SingleToInt32Bits))}")];
}
