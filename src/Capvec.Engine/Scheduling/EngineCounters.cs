namespace Capvec.Engine.Scheduling;

/// <summary>What an engine has computed and shared since its start, and what it keeps now.</summary>
/// <param name="RowsComputed">Token rows that went through the model, those that entered late included.</param>
/// <param name="CachedTokens">Positions of requests that were not computed at all, because their state was kept.</param>
/// <param name="TrunkLayerTokens">Positions times blocks that steered requests took over from requests with the same tokens.</param>
/// <param name="Waits">Requests that let another one compute their common beginning first.</param>
/// <param name="KeptPrefixes">States kept now.</param>
/// <param name="KeptBytes">Their memory, what they share counted once.</param>
/// <param name="Evictions">States dropped for want of room.</param>
public sealed record EngineCounters(long RowsComputed, long CachedTokens, long TrunkLayerTokens, long Waits, int KeptPrefixes, long KeptBytes, long Evictions);
