using Capvec.Agents.Traces;
using Capvec.Agents.Trials;
using Capvec.Text.Templates;

namespace Capvec.Agents.Tests.Trials;

/// <summary>Replies written down beforehand: turn n of every trial gets the n-th. Null stands for a full context.</summary>
internal sealed class ScriptedReplies : IReplySource
{
    private readonly Reply?[] _replies;

    public ScriptedReplies(params Reply?[] replies) => _replies = replies;

    public string ModelName => "script";

    public string? ModelHash => null;

    /// <summary>What each turn was asked with.</summary>
    public List<(IReadOnlyList<ChatMessage> Messages, ulong Seed)> Asked { get; } = [];

    /// <summary>Runs before the reply of a turn is given.</summary>
    public Func<int, CancellationToken, Task> BeforeReply { get; init; } = (_, _) => Task.CompletedTask;

    public IReplyConversation Open(TrialRequest request) => new Conversation(this);

    public EncodedConversation? Encode(IReadOnlyList<ChatMessage> messages) => null;

    private sealed class Conversation(ScriptedReplies source) : IReplyConversation
    {
        private int _turn;

        public async Task<Reply?> ReplyAsync(IReadOnlyList<ChatMessage> messages, ulong seed, CancellationToken cancellation = default)
        {
            lock (source.Asked)
                source.Asked.Add(([.. messages], seed));
            await source.BeforeReply(_turn, cancellation);
            return source._replies[_turn++];
        }

        public void Dispose()
        {
        }
    }
}
