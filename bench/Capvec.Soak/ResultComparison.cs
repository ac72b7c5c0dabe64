using Capvec.Engine.Requests;

namespace Capvec.Soak;

/// <summary>Whether two results are the same, bit for bit.</summary>
internal static class ResultComparison
{
    /// <summary>The first difference of two replies, or null. How much came from a cache may differ.</summary>
    public static string? Difference(GenerationResult loaded, GenerationResult alone)
    {
        if (!loaded.Tokens.SequenceEqual(alone.Tokens))
            return $"tokens [{string.Join(' ', loaded.Tokens)}], alone [{string.Join(' ', alone.Tokens)}]";
        if (!SameBits(loaded.LogProbs, alone.LogProbs))
            return "log-probabilities";
        return (loaded.Finish, loaded.StopToken, loaded.PromptTokens) == (alone.Finish, alone.StopToken, alone.PromptTokens) ? null : "why it ended";
    }

    /// <summary>The first difference of two forward passes, or null.</summary>
    public static string? Difference(ForwardResult loaded, ForwardResult alone)
    {
        if (!SameBits(loaded.Logits, alone.Logits))
            return "logits";
        if (!SameBits(loaded.NextLogProbs, alone.NextLogProbs))
            return "log-probabilities of the next tokens";
        if (loaded.Capture is not { } a || alone.Capture is not { } b)
            return loaded.Capture is null && alone.Capture is null ? null : "whether something was captured";
        if (!a.Layers.SequenceEqual(b.Layers) || (a.Rows, a.Tokens) != (b.Rows, b.Tokens))
            return "which rows were captured";
        return a.Values.Zip(b.Values).All(pair => SameBits(pair.First, pair.Second)) ? null : "captured rows";
    }

    private static bool SameBits(float[] a, float[] b) => a.AsSpan().SequenceEqual(b);
}
