using System.Collections.Immutable;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using Capvec.Agents.Protocols;
using Capvec.Agents.Sandboxes;
using Capvec.Agents.Traces;
using Capvec.Formats.Errors;
using Capvec.Text.Templates;
using ToolCall = Capvec.Agents.Traces.ToolCall;

namespace Capvec.Agents.Trials;

/// <summary>Collects what happens in one trial, counts its marks, and makes the trace of it.</summary>
internal sealed class TrialLog
{
    private const int LongestOutput = 20_000;

    private static readonly string Version = typeof(TrialLog).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    private readonly TrialRequest _request;
    private readonly TerminalProtocol _protocol;
    private readonly IReplySource _replies;
    private readonly string _sandbox;
    private readonly TimeProvider _time;
    private readonly DateTimeOffset _started;
    private readonly List<Step> _steps = [];
    private TrialMarks _marks = new();
    private string? _previous;
    private string? _notes;
    private bool _hasRun;

    public TrialLog(TrialRequest request, TerminalProtocol protocol, IReplySource replies, string sandbox, TimeProvider time)
    {
        (_request, _protocol, _replies, _sandbox, _time) = (request, protocol, replies, sandbox, time);
        _started = time.GetUtcNow();
        FirstMessage = protocol.FirstMessage(request.Task.Instruction, protocol.ShellPrompt);
        _steps.Add(new Step { StepId = 1, Timestamp = _started, Source = StepSource.User, Message = FirstMessage });
    }

    public string FirstMessage { get; }

    public StopReason Stop { get; set; } = StopReason.Failure;

    public string? SandboxLog { get; set; }

    /// <summary>Adds a remark that changes nothing about the result.</summary>
    public void Note(string text) => _notes = _notes is null ? text : $"{_notes}; {text}";

    public void MarkTimeout(int count = 1) => _marks = _marks with { Timeout = _marks.Timeout + count };

    /// <summary>Notes a reply before its commands run.</summary>
    public void AddReply(Reply reply, ulong seed, ParsedReply parsed, bool confirms)
    {
        var idle = parsed.Error is null && parsed.Commands.IsEmpty;
        var marks = new List<string>();
        void Mark(bool met, string name, Func<TrialMarks, TrialMarks> count)
        {
            if (!met)
                return;
            marks.Add(name);
            _marks = count(_marks);
        }

        Mark(parsed.Error is not null, "parse_fail", m => m with { ParseFail = m.ParseFail + 1 });
        Mark(idle && !parsed.Complete, "no_cmd", m => m with { NoCmd = m.NoCmd + 1 });
        Mark(idle && parsed.Complete && !_hasRun, "early_done", m => m with { EarlyDone = m.EarlyDone + 1 });
        Mark(reply.LengthCut, "length_cut", m => m with { LengthCut = m.LengthCut + 1 });
        Mark(_protocol.IsRefusal(reply.Text), "refusal", m => m with { Refusal = m.Refusal + 1 });
        Mark(reply.Text == _previous && !confirms, "loop", m => m with { Loop = m.Loop + 1 });
        _previous = reply.Text;
        _hasRun |= !parsed.Commands.IsEmpty;

        var finite = reply.LogProbs.All(float.IsFinite);
        _steps.Add(new Step
        {
            StepId = _steps.Count + 1,
            Timestamp = _time.GetUtcNow(),
            Source = StepSource.Agent,
            ModelName = _replies.ModelName,
            Message = reply.Text,
            ToolCalls = ToolCalls(parsed, _steps.Count),
            Metrics = new Metrics
            {
                PromptTokens = reply.PromptTokens,
                CompletionTokens = reply.CompletionTokens,
                CachedTokens = reply.CachedTokens,
                PromptTokenIds = OrNull(reply.PromptIds),
                CompletionTokenIds = OrNull(reply.TokenIds),
                Logprobs = finite ? OrNull(reply.LogProbs) : null,
            },
            Extra = new StepExtra
            {
                Capvec = new TurnRecord
                {
                    Seed = seed,
                    Marks = marks,
                    ParseError = parsed.Error,
                    Gates = reply.Gates.IsEmpty ? null : [.. reply.Gates.Select(GateRecord.Of)],
                    NoLogprobs = finite ? null : "some were not finite",
                },
            },
        });
    }

    /// <summary>Notes what the agent is told after its last reply.</summary>
    public void AddObservation(string text) => _steps[^1] = _steps[^1] with { Observation = new Observation { Results = [new ObservationResult { Content = text }] } };

    /// <summary>The result and its trace.</summary>
    public TrialResult Finish(VerifierResult? verdict, string? failure)
    {
        var trajectory = new Trajectory
        {
            SchemaVersion = Trajectory.CurrentVersion,
            SessionId = string.Create(CultureInfo.InvariantCulture, $"{_request.Task.Name}.{_request.Arm}.{_request.Attempt}.{_request.Seed:x16}"),
            Agent = new AgentInfo { Name = "capvec", Version = Version, ModelName = _replies.ModelName },
            Steps = _steps,
            FinalMetrics = new FinalMetrics
            {
                TotalPromptTokens = _steps.Sum(s => (long)(s.Metrics?.PromptTokens ?? 0)),
                TotalCompletionTokens = _steps.Sum(s => (long)(s.Metrics?.CompletionTokens ?? 0)),
                TotalCachedTokens = _steps.Sum(s => (long)(s.Metrics?.CachedTokens ?? 0)),
                TotalSteps = _steps.Count,
            },
        };
        var conversation = Encode(trajectory.Messages());
        var reward = failure is null ? verdict?.Reward : null;
        trajectory = trajectory with
        {
            Notes = _notes,
            Extra = new TrajectoryExtra
            {
                Capvec = new TrialRecord
                {
                    Task = _request.Task.Name,
                    TaskHash = _request.Task.Hash,
                    Arm = _request.Arm,
                    Attempt = _request.Attempt,
                    Seed = _request.Seed,
                    Reward = reward,
                    Failure = failure,
                    StopReason = Stop,
                    Marks = _marks,
                    Turns = _steps.Count - 1,
                    MaxTurns = _request.MaxTurns,
                    Model = new(_replies.ModelName, _replies.ModelHash),
                    Adapter = _request.Adapter is { } adapter ? new(adapter.Name, adapter.Hash) : null,
                    Steering = _request.Steering.Fingerprint,
                    Sampling = Sampling(),
                    Sandbox = _sandbox,
                    SandboxLog = End(SandboxLog),
                    Protocol = _protocol.Name,
                    Started = _started,
                    Finished = _time.GetUtcNow(),
                    VerifierOutput = End(verdict?.Output),
                    Conversation = conversation,
                },
            },
        };
        return new TrialResult(reward, failure, _marks, trajectory);
    }

    private static string? End(string? output) => string.IsNullOrEmpty(output) ? null : output[^Math.Min(output.Length, LongestOutput)..];

    private static ImmutableArray<T>? OrNull<T>(ImmutableArray<T> values) => values.IsEmpty ? null : values;

    private static List<ToolCall>? ToolCalls(ParsedReply parsed, int turn)
    {
        var calls = new List<ToolCall>();
        foreach (var command in parsed.Commands)
        {
            var arguments = new JsonObject { ["keystrokes"] = command.Keystrokes };
            if (command.Duration is { } duration)
                arguments["duration"] = duration;
            calls.Add(Call(calls.Count + 1, "bash_command", arguments));
        }

        if (parsed.Complete)
            calls.Add(Call("task_complete", "mark_task_complete", []));
        return calls.Count == 0 ? null : calls;

        ToolCall Call(object name, string function, JsonObject arguments) => new()
        {
            ToolCallId = string.Create(CultureInfo.InvariantCulture, $"call_{turn}_{name}"),
            FunctionName = function,
            Arguments = JsonSerializer.SerializeToElement(arguments),
        };
    }

    private SamplingRecord Sampling() => new()
    {
        Temperature = _request.Sampling.Temperature,
        TopK = _request.Sampling.TopK,
        TopP = _request.Sampling.TopP,
        MinP = _request.Sampling.MinP,
        RepetitionPenalty = _request.Sampling.RepetitionPenalty,
        MaxReplyTokens = _request.MaxReplyTokens,
    };

    private ConversationRecord? Encode(IReadOnlyList<ChatMessage> messages)
    {
        try
        {
            return messages.Count > 0 && _replies.Encode(messages) is { } encoded ? ConversationRecord.Of(encoded) : null;
        }
        catch (CapvecException e)
        {
            Note($"the conversation's tokens are not known: {e.Message}");
            return null;
        }
    }
}
