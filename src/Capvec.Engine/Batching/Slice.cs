using Capvec.Engine.Interventions;
using Capvec.Engine.Loading;

namespace Capvec.Engine.Batching;

/// <summary>
/// Rows that one sequence contributes to a step: positions <c>[Position, Position + Count)</c> at batch rows <c>[Row, Row + Count)</c>. A sequence
/// whose state is kept at a position inside its share contributes two slices or more, one after the other.
/// </summary>
internal sealed record Slice
{
    public required SequenceState State { get; init; }

    public required int Row { get; init; }

    public required int Position { get; init; }

    public required int Count { get; init; }

    /// <summary>0-based block where the rows enter; their residual rows come from the state's track of that depth when it is not 0.</summary>
    public int Entry { get; init; }

    /// <summary>How many slices of the same sequence come before: the delta rule takes them in order.</summary>
    public int Wave { get; init; }

    /// <summary>[layers] where the delta-rule states after the last row are put, or null when they are not wanted.</summary>
    public Page?[]? Copies { get; init; }

    /// <summary>Tracks that take the rows' residual stream.</summary>
    public IReadOnlyList<ResidualTrack> Recording { get; init; } = [];

    public LoraAdapter? Adapter { get; init; }

    public CompiledSteering? Steering { get; init; }

    public CaptureAccumulator? Capture { get; init; }
}
