using Capvec.Agents.Protocols;
using Capvec.Agents.Sandboxes;
using Capvec.Agents.Tasks;
using Capvec.Agents.Traces;
using Capvec.Agents.Trials;
using Capvec.Formats.Errors;

namespace Capvec.Agents.Tests.Trials;

public sealed class AgentRunnerTests
{
    private const string Done = """{"analysis": "a", "plan": "p", "commands": [], "task_complete": true}""";
    private const string Wait = """{"analysis": "a", "plan": "p", "commands": []}""";
    private const string Look = """{"analysis": "a", "plan": "p", "commands": [{"keystrokes": "ls\n", "duration": 0.1}]}""";

    private static readonly TerminalProtocol Protocol = TerminalProtocol.Load(TerminalProtocol.JsonTerminal);

    private readonly ScriptedSandbox _sandbox = new(c => c == "slow" ? new("", "", 137, true) : new("f\n", "", 0, false), () => new(0.5, null, "said\n"));

    [Fact]
    public async Task A_task_is_complete_when_that_was_said_twice_in_a_row()
    {
        var (result, asked) = await Run([Done, Look, Done, Done, Wait]);
        result.Trace.Trial.StopReason.ShouldBe(StopReason.Done);
        result.Trace.Trial.Turns.ShouldBe(4);
        result.Reward.ShouldBe(0.5);
        asked[1].ShouldBe(Protocol.Confirmation(Protocol.ShellPrompt));
        asked[2].ShouldBe("Terminal:\nroot@box:/app# ls\nf\nroot@box:/app# ");
        asked[3].ShouldBe(Protocol.Confirmation(Protocol.ShellPrompt));
    }

    [Fact]
    public async Task A_reply_that_cannot_be_used_runs_nothing_and_leaves_a_completed_task_pending()
    {
        var (result, asked) = await Run([Done, "hm {", Done, Wait]);
        result.Trace.Trial.Turns.ShouldBe(3);
        asked[2].ShouldBe(Protocol.ParseError("invalid JSON"));
        result.Marks.ShouldBe(new() { ParseFail = 1, EarlyDone = 2 });
    }

    [Fact]
    public async Task The_confirming_reply_s_commands_run_and_end_the_conversation()
    {
        var (result, _) = await Run([Done, Look.Replace("]}", "], \"task_complete\": true}")]);
        var last = result.Trace.Steps[^1];
        last.ToolCalls!.Select(c => c.ToolCallId).ShouldBe(["call_2_1", "call_2_task_complete"]);
        last.Observation!.Results.Single().Content.ShouldBe("Terminal:\nroot@box:/app# ls\nf\nroot@box:/app# ");
        result.Trace.Messages()[^1].Role.ShouldBe("assistant");
    }

    [Fact]
    public async Task The_turn_limit_ends_the_conversation_after_a_reply_of_the_agent()
    {
        var (result, asked) = await Run([Look, Wait, Done, "no", Wait, Wait, Wait]);
        (result.Trace.Trial.StopReason, result.Trace.Trial.Turns, asked.Count).ShouldBe((StopReason.TurnLimit, 6, 6));
        result.Trace.Messages().Count.ShouldBe(12);
        result.Trace.Messages()[^1].ShouldBe(new("assistant", Wait));
    }

    [Fact]
    public async Task Marks_count_what_the_replies_show()
    {
        var (result, _) = await Run(
            new Reply { Text = "I'm sorry, but no." },
            new Reply { Text = "I'm sorry, but no." },
            new Reply { Text = Wait, LengthCut = true },
            new Reply { Text = Done },
            new Reply { Text = Look.Replace("ls", "slow") },
            new Reply { Text = Done });
        result.Marks.ShouldBe(new() { ParseFail = 2, Refusal = 2, Loop = 1, NoCmd = 1, LengthCut = 1, EarlyDone = 1, Timeout = 1 });
        result.Trace.Steps.Select(s => string.Join(',', s.Extra?.Capvec?.Marks ?? [])).ShouldBe(
            ["", "parse_fail,refusal", "parse_fail,refusal,loop", "no_cmd,length_cut", "early_done", "", ""]);
    }

    [Fact]
    public async Task Every_turn_has_a_seed_of_its_own_from_the_trial_s()
    {
        var replies = Scripted([Wait, Wait, Done, Done]);
        var result = await Runner(replies).RunAsync(Requests.Of("x"), TestContext.Current.CancellationToken);
        replies.Asked.Select(a => a.Seed).ShouldBe(Enumerable.Range(0, 4).Select(t => TrialSeeds.OfTurn(result.Trace.Trial.Seed, t)));
        result.Trace.Steps.Skip(1).Select(s => s.Extra!.Capvec!.Seed).ShouldBe(replies.Asked.Select(a => a.Seed));
    }

    [Fact]
    public async Task Commands_get_the_protocol_s_time()
    {
        await Run([Look, Done, Done]);
        _sandbox.LastTimeout.ShouldBe(TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task When_the_agent_s_time_is_over_the_verifier_still_decides()
    {
        var time = new ManualTime();
        var replies = new ScriptedReplies(new Reply { Text = Look }, new Reply { Text = Look })
        {
            BeforeReply = (turn, cancellation) =>
            {
                if (turn == 1)
                    time.Advance(TimeSpan.FromSeconds(180));
                return cancellation.IsCancellationRequested ? Task.FromCanceled(cancellation) : Task.CompletedTask;
            },
        };
        var result = await new AgentRunner(replies, _sandbox, Protocol, time).RunAsync(Requests.Of("x", agentTimeout: TimeSpan.FromSeconds(180)), TestContext.Current.CancellationToken);
        (result.Reward, result.Trace.Trial.StopReason, result.Marks.Timeout).ShouldBe((0.5, StopReason.AgentTimeout, 1));
        result.Trace.Messages().Count.ShouldBe(2);
        (result.Trace.Trial.Finished - result.Trace.Trial.Started).ShouldBe(TimeSpan.FromSeconds(180));
    }

    [Fact]
    public async Task A_full_context_ends_the_conversation_and_the_verifier_decides()
    {
        var (result, _) = await Run(new Reply { Text = Look }, null);
        (result.Reward, result.Trace.Trial.StopReason, result.Trace.Trial.Turns).ShouldBe((0.5, StopReason.ContextFull, 1));
    }

    [Fact]
    public async Task Cancelling_gives_no_result_and_leaves_no_sandbox()
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var replies = new ScriptedReplies(new Reply { Text = Wait })
        {
            BeforeReply = async (_, cancellation) =>
            {
                await cancel.CancelAsync();
                cancellation.ThrowIfCancellationRequested();
            },
        };
        await Should.ThrowAsync<OperationCanceledException>(() => Runner(replies).RunAsync(Requests.Of("x"), cancel.Token));
        _sandbox.Disposed.ShouldBeTrue();
    }

    [Fact]
    public async Task A_verifier_without_a_reward_makes_it_null_and_never_0()
    {
        var sandbox = new ScriptedSandbox(_ => throw new InvalidOperationException(), () => new(null, "no reward file", "x"));
        var result = await new AgentRunner(Scripted([Done, Done]), sandbox, Protocol).RunAsync(Requests.Of("x"), TestContext.Current.CancellationToken);
        (result.Reward, result.Failure).ShouldBe((null, "the verifier failed: no reward file"));
        (result.Trace.Trial.Reward, result.Trace.Trial.StopReason).ShouldBe((null, StopReason.Done));
        sandbox.Disposed.ShouldBeTrue();
    }

    [Fact]
    public async Task A_command_that_the_sandbox_cannot_run_makes_the_reward_null_and_keeps_what_was_said()
    {
        var sandbox = new ScriptedSandbox(_ => throw new IOException("No space left on device"));
        var result = await new AgentRunner(Scripted([Look, Done]), sandbox, Protocol).RunAsync(Requests.Of("x"), TestContext.Current.CancellationToken);
        (result.Reward, result.Failure).ShouldBe((null, "the agent's run failed: IOException: No space left on device"));
        result.Trace.Trial.StopReason.ShouldBe(StopReason.Failure);
        result.Trace.Messages().Select(m => m.Role).ShouldBe(["user", "assistant"]);
        sandbox.Disposed.ShouldBeTrue();
    }

    [Fact]
    public async Task A_sandbox_that_cannot_be_set_up_makes_the_reward_null_and_there_is_a_trace()
    {
        var result = await new AgentRunner(Scripted([]), new NoSandboxes(), Protocol).RunAsync(Requests.Of("x"), TestContext.Current.CancellationToken);
        (result.Reward, result.Failure).ShouldBe((null, "the sandbox could not be set up: the Dockerfile has USER."));
        result.Trace.Steps.Single().Message.ShouldStartWith("You control a Linux terminal.");
        result.Trace.Messages().ShouldBeEmpty();
    }

    [Fact]
    public async Task Many_trials_run_at_once_but_no_more_than_asked_and_come_back_in_order()
    {
        int running = 0, most = 0;
        using var all = new SemaphoreSlim(0);
        var replies = new ScriptedReplies([.. Enumerable.Repeat(new Reply { Text = Done }, 2)])
        {
            BeforeReply = async (turn, cancellation) =>
            {
                if (turn == 1)
                {
                    Interlocked.Decrement(ref running);
                    return;
                }

                // The first four wait until all four are there: they can only go on if they really run at once.
                var now = Interlocked.Increment(ref running);
                InterlockedMax(ref most, now);
                if (now == 4)
                    all.Release(1000);
                await all.WaitAsync(cancellation);
            },
        };
        var finished = new List<int>();
        var requests = Enumerable.Range(0, 20).Select(n => Requests.Of($"task {n}", n)).ToList();
        var results = await Runner(replies).RunAllAsync(requests, 4, (request, result) => finished.Add(request.Attempt), TestContext.Current.CancellationToken);
        results.Select(r => r.Trace.Trial.Attempt).ShouldBe(Enumerable.Range(0, 20));
        finished.Order().ShouldBe(Enumerable.Range(0, 20));
        most.ShouldBe(4);
    }

    [Fact]
    public async Task A_request_without_turns_is_refused() =>
        (await Should.ThrowAsync<CapvecException>(() => Runner(Scripted([])).RunAsync(Requests.Of("x") with { MaxTurns = 0 }, TestContext.Current.CancellationToken))).ExitCode.ShouldBe(CapvecException.WrongUsage);

    private static ScriptedReplies Scripted(IEnumerable<string> texts) => new([.. texts.Select(t => new Reply { Text = t })]);

    private static void InterlockedMax(ref int most, int value)
    {
        for (var seen = most; value > seen; seen = most)
            Interlocked.CompareExchange(ref most, value, seen);
    }

    private AgentRunner Runner(ScriptedReplies replies) => new(replies, _sandbox, Protocol, new ManualTime());

    private Task<(TrialResult Result, List<string> Asked)> Run(string[] texts) => Run([.. texts.Select(t => new Reply { Text = t })]);

    private async Task<(TrialResult Result, List<string> Asked)> Run(params Reply?[] replies)
    {
        var source = new ScriptedReplies(replies);
        var result = await Runner(source).RunAsync(Requests.Of("x"), TestContext.Current.CancellationToken);
        return (result, [.. source.Asked.Select(a => a.Messages[^1].Content)]);
    }

    private sealed class NoSandboxes : ISandboxFactory
    {
        public string Name => "none";

        public Task<ISandbox> CreateAsync(HarborTask task, CancellationToken cancellation = default) => throw new CapvecException("the Dockerfile has USER.");
    }
}
