using Capvec.Engine.Scheduling;

namespace Capvec.Engine.Sharing;

/// <summary>A state that a running work will have kept when it has computed so many positions.</summary>
/// <param name="Leader">The work that computes it.</param>
/// <param name="Length">Positions.</param>
internal sealed record PendingPrefix(EngineWork Leader, int Length)
{
    /// <summary>Whether it is still to come.</summary>
    public bool IsPending => Leader.State is { } state && state.Length < Length && !Leader.HasFailed;
}
