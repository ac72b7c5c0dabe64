namespace Capvec.Peer.Comparison;

/// <summary>One greedily chosen token.</summary>
/// <param name="Ids">The likeliest tokens, the chosen one first.</param>
/// <param name="Logits">Their logits.</param>
internal sealed record GreedyStep(int[] Ids, float[] Logits)
{
    private const int Candidates = 10;

    /// <summary>The token chosen.</summary>
    public int Token => Ids[0];

    /// <summary>How far the second candidate is behind.</summary>
    public float Gap => Logits[0] - Logits[1];

    /// <summary>The likeliest tokens of logits [vocabulary]; of equal ones the lowest id first.</summary>
    public static GreedyStep Of(ReadOnlySpan<float> logits)
    {
        var values = logits.ToArray();
        var ids = Enumerable.Range(0, values.Length).OrderByDescending(id => values[id]).ThenBy(id => id).Take(Candidates).ToArray();
        return new GreedyStep(ids, [.. ids.Select(id => values[id])]);
    }
}
