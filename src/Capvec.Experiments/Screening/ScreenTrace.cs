using System.Collections.Immutable;
using Capvec.Agents.Traces;
using Capvec.Engine.Loading;
using Capvec.Formats.Errors;

namespace Capvec.Experiments.Screening;

/// <summary>A finished trial that the screen reads again under steering.</summary>
/// <param name="Name">What messages call it.</param>
/// <param name="Task">Its task: traces of one task are drawn together by the bootstrap.</param>
/// <param name="IsSolved">Whether it passed.</param>
/// <param name="Ids">[tokens] the conversation up to the agent's last token.</param>
/// <param name="Own">[tokens] true for the agent's tokens.</param>
/// <param name="Replies">The agent's replies, in order.</param>
public sealed record ScreenTrace(string Name, string Task, bool IsSolved, ImmutableArray<int> Ids, ImmutableArray<bool> Own, IReadOnlyList<ScreenReply> Replies)
{
    /// <summary>Tokens of the agent.</summary>
    public int OwnTokens { get; } = Own.Count(own => own);

    /// <summary>Which of the screen's direction sets it is read under: one that was not made from it.</summary>
    public int Fold { get; init; }

    /// <summary>Prepares a conversation.</summary>
    /// <param name="name">What messages call it.</param>
    /// <param name="task">Its task.</param>
    /// <param name="isSolved">Whether it passed.</param>
    /// <param name="conversation">Ids with a mark for the agent's own.</param>
    /// <param name="marks">The failure marks of each reply, in order; passed over where their number is not that of the replies.</param>
    /// <exception cref="CapvecException">It holds no token of the agent after its first token.</exception>
    public static ScreenTrace Of(string name, string task, bool isSolved, EncodedConversation conversation, IReadOnlyList<IReadOnlyList<string>> marks)
    {
        var own = conversation.Own;
        var last = own.LastIndexOf(true);
        if (last < 1 || own[0])
            throw new CapvecException($"the trace {name} holds no token of the agent that could be scored; remove its file, or run its trial again.");
        var ranges = ConversationRecord.Of(conversation).Own;
        return new(name, task, isSolved, conversation.Ids[..(last + 1)], own[..(last + 1)],
            [.. ranges.Select((range, i) => new ScreenReply(range[0], range[1], marks.Count == ranges.Count ? marks[i] : []))]);
    }

    /// <summary>Prepares a trace that has a reward.</summary>
    /// <param name="trace">The trace.</param>
    /// <param name="name">What messages call it.</param>
    /// <param name="model">Encodes conversations whose tokens were not recorded.</param>
    /// <exception cref="CapvecException">It has no reward, or no token of the agent.</exception>
    public static ScreenTrace Of(Trajectory trace, string name, TextModel model)
    {
        if (trace.Trial.Reward is not { } reward)
            throw new CapvecException($"the trace {name} has no reward, so it is neither solved nor failed; leave it out.");
        var marks = trace.Steps.Where(step => step.Source == StepSource.Agent).Select(step => step.Extra?.Capvec?.Marks ?? []).ToList();
        return Of(name, trace.Trial.Task, reward >= 0.5, trace.Trial.Conversation?.Encoded() ?? trace.Conversation(model), marks);
    }
}
