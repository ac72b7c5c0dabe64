using System.Collections.Immutable;

namespace Capvec.Experiments.Screening;

/// <summary>A trace among those of its task.</summary>
/// <param name="Index">Its place among all traces.</param>
/// <param name="Trace">The trace.</param>
/// <param name="Shared">Positions that it has in common with the trace before it.</param>
internal sealed record TraceMember(int Index, ScreenTrace Trace, int Shared)
{
    /// <summary>The agent's tokens among the shared positions.</summary>
    public int SharedOwn { get; } = Trace.Own.Take(Shared).Count(own => own);

    /// <summary>[tokens] true for the agent's tokens that no trace before it has at the same place.</summary>
    public ImmutableArray<bool> Targets { get; } = [.. Trace.Own.Select((own, i) => own && i >= Shared)];

    /// <summary>Whether it has such tokens.</summary>
    public bool IsNew => SharedOwn < Trace.OwnTokens;
}
