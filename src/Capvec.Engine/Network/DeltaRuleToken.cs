namespace Capvec.Engine.Network;

/// <summary>What one token brings to 32 columns of a head's S.</summary>
/// <param name="q">Query [key dim], scaled.</param>
/// <param name="k">Key [key dim], of length 1.</param>
/// <param name="v">Values [32] of these columns.</param>
/// <param name="decay">exp(g).</param>
/// <param name="beta">How much of the difference is written.</param>
internal readonly unsafe struct DeltaRuleToken(float* q, float* k, float* v, float decay, float beta)
{
    public readonly float* Q = q;
    public readonly float* K = k;
    public readonly float* V = v;
    public readonly float Decay = decay;
    public readonly float Beta = beta;
}
