using Capvec.Engine.Batching;

namespace Capvec.Engine.Sharing;

/// <summary>Where a sequence can start.</summary>
/// <param name="Prefix">The kept state it starts from, or null: then its own state, or nothing.</param>
/// <param name="Length">Positions that need not be computed at all.</param>
/// <param name="Trunk">A longer kept prefix without steering whose first <paramref name="TrunkDepth"/> blocks it shares, or null.</param>
/// <param name="TrunkDepth">Blocks shared up to the trunk's end.</param>
internal sealed record SharedStart(KeptPrefix? Prefix, int Length, KeptPrefix? Trunk, int TrunkDepth)
{
    /// <summary>Positions times blocks that are not computed only because of the trunk.</summary>
    public long TrunkLayerTokens => Trunk is null ? 0 : (long)(Trunk.Length - Length) * TrunkDepth;

    /// <summary>Positions times blocks that are not computed.</summary>
    public long Saved(int layers) => ((long)Length * layers) + TrunkLayerTokens;
}
