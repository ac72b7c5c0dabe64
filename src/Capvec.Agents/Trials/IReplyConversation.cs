using Capvec.Text.Templates;

namespace Capvec.Agents.Trials;

/// <summary>The model's side of one trial. Serves one turn at a time.</summary>
public interface IReplyConversation : IDisposable
{
    /// <summary>The next reply.</summary>
    /// <param name="messages">Everything said so far; the last message is the user's.</param>
    /// <param name="seed">Seed of this turn.</param>
    /// <param name="cancellation">Ends the generation.</param>
    /// <returns>The reply, or null where the conversation has filled the model's context.</returns>
    Task<Reply?> ReplyAsync(IReadOnlyList<ChatMessage> messages, ulong seed, CancellationToken cancellation = default);
}
