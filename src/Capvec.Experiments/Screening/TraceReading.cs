using Capvec.Engine.Requests;

namespace Capvec.Experiments.Screening;

/// <summary>What a pass over a trace gave, an entry for each of the agent's tokens, in order.</summary>
/// <param name="LogProbs">ln p of the token.</param>
/// <param name="Entropies">Entropy of the distribution that it is drawn from, in nats.</param>
/// <param name="Divergences">KL(plain || this pass) of that distribution, in nats; NaN where the plain one was not kept.</param>
/// <param name="Lengths">For each captured layer, the length of the row at the token.</param>
internal sealed record TraceReading(float[] LogProbs, float[] Entropies, float[] Divergences, float[][] Lengths)
{
    /// <summary>Puts the reading of a trace together from that of the trace before it and the pass over what it does not share with that.</summary>
    /// <param name="member">The trace.</param>
    /// <param name="before">The reading of the trace before it; not read where nothing is shared.</param>
    /// <param name="pass">The pass, or null where all is shared.</param>
    /// <param name="isPlain">Whether the pass is the plain one: then it has no divergence where its distribution was kept, and none is known elsewhere.</param>
    public static TraceReading Of(TraceMember member, TraceReading? before, ForwardResult? pass, bool isPlain)
    {
        var shared = member.SharedOwn;
        if (pass is null)
            return new(before!.LogProbs[..shared], before.Entropies[..shared], before.Divergences[..shared], [.. before.Lengths.Select(lengths => lengths[..shared])]);
        var scores = pass.Scores!;
        var divergences = isPlain ? scores.Targets.Select(t => scores.Kept!.Targets.Contains(t) ? 0 : float.NaN) : scores.Divergences;
        var lengths = pass.Capture!.Values;
        return new(
            [.. before?.LogProbs[..shared] ?? [], .. scores.LogProbs],
            [.. before?.Entropies[..shared] ?? [], .. scores.Entropies],
            [.. before?.Divergences[..shared] ?? [], .. divergences],
            [.. lengths.Select((own, layer) => (float[])[.. before?.Lengths[layer][..shared] ?? [], .. own])]);
    }
}
