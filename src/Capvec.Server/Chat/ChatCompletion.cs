namespace Capvec.Server.Chat;

/// <summary>The answer to POST /v1/chat/completions, and one piece of it when streamed.</summary>
public sealed record ChatCompletion
{
    /// <summary>Name of the answer, the same in all its pieces.</summary>
    public required string Id { get; init; }

    /// <summary>chat.completion or chat.completion.chunk.</summary>
    public required string Object { get; init; }

    /// <summary>Seconds since 1970.</summary>
    public required long Created { get; init; }

    /// <summary>The model that answered.</summary>
    public required string Model { get; init; }

    /// <summary>The model's hash: equal fingerprints, seeds and steering give equal replies.</summary>
    public required string SystemFingerprint { get; init; }

    /// <summary>The replies; empty in the chunk that carries the usage.</summary>
    public required IReadOnlyList<ChatChoice> Choices { get; init; }

    /// <summary>Numbers of tokens.</summary>
    public ChatUsage? Usage { get; init; }

    /// <summary>What Capvec did besides: not in OpenAI's API.</summary>
    public ChatProvenance? Capvec { get; init; }
}
