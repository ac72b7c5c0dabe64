using Capvec.Agents.Protocols;
using Capvec.Agents.Sandboxes;
using Capvec.Agents.Traces;
using Capvec.Formats.Errors;
using Capvec.Text.Templates;

namespace Capvec.Agents.Trials;

/// <summary>
/// Runs trials: a conversation between a model and a terminal, then the task's verifier. Many run at once; each is a chain of awaits, and
/// the source of the replies puts what they ask for into common batches. A trial's course depends on its request alone, not
/// on what runs beside it, as long as no time limit is met. Thread-safe.
/// </summary>
public sealed class AgentRunner
{
    private static readonly TimeSpan LongestLimit = TimeSpan.FromDays(40);

    private readonly IReplySource _replies;
    private readonly ISandboxFactory _sandboxes;
    private readonly TerminalProtocol _protocol;
    private readonly TimeProvider _time;

    /// <summary>A runner.</summary>
    /// <param name="replies">Where replies come from.</param>
    /// <param name="sandboxes">Where commands run.</param>
    /// <param name="protocol">What the agent is told and how its replies are read.</param>
    /// <param name="time">The clock of time stamps and of the agents' time limits.</param>
    public AgentRunner(IReplySource replies, ISandboxFactory sandboxes, TerminalProtocol protocol, TimeProvider? time = null) =>
        (_replies, _sandboxes, _protocol, _time) = (replies, sandboxes, protocol, time ?? TimeProvider.System);

    /// <summary>Runs one trial to its end.</summary>
    /// <returns>The result. Whatever fails but the model (sandbox, engine, verifier) makes the reward null, with the reason; there is a trace all the same.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled; there is no result.</exception>
    /// <exception cref="CapvecException">The request makes no sense.</exception>
    public async Task<TrialResult> RunAsync(TrialRequest request, CancellationToken cancellation = default)
    {
        if (request.MaxTurns < 1 || request.MaxReplyTokens < 1)
            throw new CapvecException($"a trial needs at least one turn and one token a reply; {request.MaxTurns} turns of {request.MaxReplyTokens} tokens were asked for.", exitCode: CapvecException.WrongUsage);
        cancellation.ThrowIfCancellationRequested();
        var log = new TrialLog(request, _protocol, _replies, _sandboxes.Name, _time);
        ISandbox? sandbox = null;
        VerifierResult? verdict = null;
        var (stage, failure) = ("the sandbox could not be set up", default(string));
        try
        {
            sandbox = await _sandboxes.CreateAsync(request.Task, cancellation).ConfigureAwait(false);
            log.SandboxLog = sandbox.BuildLog;
            stage = "the agent's run failed";
            log.Stop = await PlayAsync(request, sandbox, log, cancellation).ConfigureAwait(false);
            stage = "the verifier failed";
            verdict = await sandbox.VerifyAsync(cancellation).ConfigureAwait(false);
            failure = verdict.Reward is null ? $"{stage}: {verdict.Failure ?? "it gave no reward"}" : null;
        }
        catch (Exception) when (cancellation.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellation);
        }
        catch (Exception e)
        {
            failure = $"{stage}: {(e is CapvecException ? e.Message : $"{e.GetType().Name}: {e.Message}")}";
        }
        finally
        {
            await DisposeAsync(sandbox, log).ConfigureAwait(false);
        }

        return log.Finish(verdict, failure);
    }

    /// <summary>Runs trials, so many at once, and hands each out as it ends. The order in which they end is not fixed; what they give is.</summary>
    /// <param name="requests">The trials, begun in this order.</param>
    /// <param name="atOnce">Most trials that run at the same time.</param>
    /// <param name="finished">Called for each trial as it ends, one at a time.</param>
    /// <param name="cancellation">Ends all of them.</param>
    /// <returns>The results in the order of the requests.</returns>
    public async Task<IReadOnlyList<TrialResult>> RunAllAsync(
        IReadOnlyList<TrialRequest> requests, int atOnce, Action<TrialRequest, TrialResult>? finished = null, CancellationToken cancellation = default)
    {
        var results = new TrialResult[requests.Count];
        var gate = new Lock();
        var options = new ParallelOptions { MaxDegreeOfParallelism = Math.Max(1, atOnce), CancellationToken = cancellation };
        await Parallel.ForEachAsync(
            Enumerable.Range(0, requests.Count),
            options,
            async (i, token) =>
            {
                results[i] = await RunAsync(requests[i], token).ConfigureAwait(false);
                lock (gate)
                    finished?.Invoke(requests[i], results[i]);
            }).ConfigureAwait(false);
        return results;
    }

    private static async Task DisposeAsync(ISandbox? sandbox, TrialLog log)
    {
        try
        {
            if (sandbox is not null)
                await sandbox.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is CapvecException or IOException or UnauthorizedAccessException)
        {
            // The trial is over and its result stands; what was left behind has to be told, not to undo it.
            log.Note($"the sandbox could not be removed: {e.Message}");
        }
    }

    /// <summary>The agent's part, within the task's time for it.</summary>
    private async Task<StopReason> PlayAsync(TrialRequest request, ISandbox sandbox, TrialLog log, CancellationToken cancellation)
    {
        using var limit = request.Task.Config.AgentTimeout is { } time && time < LongestLimit ? new CancellationTokenSource(time, _time) : new();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, limit.Token);
        try
        {
            using var conversation = _replies.Open(request);
            return await TakeTurnsAsync(request, conversation, new(sandbox, _protocol), log, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            log.MarkTimeout();
            return StopReason.AgentTimeout;
        }
    }

    private async Task<StopReason> TakeTurnsAsync(TrialRequest request, IReplyConversation conversation, PlainTerminal terminal, TrialLog log, CancellationToken cancellation)
    {
        var messages = new List<ChatMessage> { new("user", log.FirstMessage) };
        var pending = false;
        for (var turn = 0; turn < request.MaxTurns; turn++)
        {
            var seed = TrialSeeds.OfTurn(request.Seed, turn);
            if (await conversation.ReplyAsync(messages, seed, cancellation).ConfigureAwait(false) is not { } reply)
                return StopReason.ContextFull;
            var parsed = _protocol.Parse(reply.Text);
            var confirms = pending && parsed.Complete;
            log.AddReply(reply, seed, parsed, confirms);
            messages.Add(new("assistant", reply.Text));
            string answer;
            if (parsed.Error is { } error)
            {
                // Nothing runs, and a task marked complete before stays marked.
                answer = _protocol.ParseError(error);
            }
            else
            {
                var view = await terminal.TypeAsync(parsed.Commands.Select(c => c.Keystrokes), cancellation).ConfigureAwait(false);
                log.MarkTimeout(view.TimedOut);
                pending = parsed.Complete;
                answer = parsed.Complete && !confirms ? _protocol.Confirmation(view.Text) : _protocol.Observation(view.Text);
            }

            log.AddObservation(answer);
            messages.Add(new("user", answer));
            if (confirms)
                return StopReason.Done;
        }

        return StopReason.TurnLimit;
    }
}
