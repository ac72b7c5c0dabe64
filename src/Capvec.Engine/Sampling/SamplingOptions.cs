namespace Capvec.Engine.Sampling;

/// <summary>How the next token is chosen from the logits. Applied in this order: repetition penalty, temperature, top-k, top-p, min-p, draw.</summary>
public sealed record SamplingOptions
{
    /// <summary>Always the likeliest token; ties go to the lowest id.</summary>
    public static SamplingOptions Greedy { get; } = new() { Temperature = 0 };

    /// <summary>Divides the logits; 0 is greedy.</summary>
    /// <value>1.</value>
    public float Temperature { get; init; } = 1;

    /// <summary>Keeps the k likeliest tokens; 0 keeps all.</summary>
    /// <value>0.</value>
    public int TopK { get; init; }

    /// <summary>Keeps the fewest likeliest tokens whose probabilities sum to at least this; 1 keeps all.</summary>
    /// <value>1.</value>
    public float TopP { get; init; } = 1;

    /// <summary>Keeps tokens whose probability is at least this share of the likeliest one's; 0 keeps all.</summary>
    /// <value>0.</value>
    public float MinP { get; init; }

    /// <summary>Logits of tokens already in the sequence (prompt included) are divided by this where positive and multiplied where negative; 1 does nothing.</summary>
    /// <value>1.</value>
    public float RepetitionPenalty { get; init; } = 1;

    /// <summary>Seed of the draw. The n-th token of a request depends on the seed, n and the logits alone, not on what else runs.</summary>
    /// <value>0.</value>
    public ulong Seed { get; init; }
}
