using Capvec.Engine.Interventions;
using Capvec.Engine.Loading;

namespace Capvec.Engine.Batching;

/// <summary>The rows that one sequence contributes to a step: positions <c>[Position, Position + Count)</c> at batch rows <c>[Row, Row + Count)</c>.</summary>
internal sealed class Slice
{
    public required SequenceState State { get; init; }

    public required int Row { get; init; }

    public required int Position { get; init; }

    public required int Count { get; init; }

    public LoraAdapter? Adapter { get; init; }

    public CompiledSteering? Steering { get; init; }

    public CaptureAccumulator? Capture { get; init; }
}
