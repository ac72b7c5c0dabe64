using Capvec.Agents.Traces;
using Capvec.Text.Templates;

namespace Capvec.Agents.Trials;

/// <summary>Where an agent's replies come from: the engine of this process, or a server. Thread-safe.</summary>
public interface IReplySource
{
    /// <summary>The model's name, for traces.</summary>
    string ModelName { get; }

    /// <summary>The model's hash, or null where it is not known.</summary>
    string? ModelHash { get; }

    /// <summary>Begins the conversation of one trial.</summary>
    IReplyConversation Open(TrialRequest request);

    /// <summary>A finished conversation as the ids that the model reads and the agent's own tokens among them, or null where the source does not know them.</summary>
    EncodedConversation? Encode(IReadOnlyList<ChatMessage> messages);
}
