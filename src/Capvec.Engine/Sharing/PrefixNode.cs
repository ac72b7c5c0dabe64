using Capvec.Engine.Batching;
using Capvec.Engine.Interventions;

namespace Capvec.Engine.Sharing;

/// <summary>A run of steps in the tree, reached by one path from the root.</summary>
internal sealed class PrefixNode
{
    /// <summary>The node before, or null at a root and at a node that was taken out.</summary>
    public PrefixNode? Parent { get; set; }

    /// <summary>The run; empty at a root.</summary>
    public required PrefixStep[] Steps { get; set; }

    /// <summary>Steps from the root to the end of the run.</summary>
    public required int End { get; init; }

    /// <summary>Runs that go on from here, by their first step.</summary>
    public Dictionary<PrefixStep, PrefixNode> Children { get; } = [];

    /// <summary>States after exactly <see cref="End"/> steps; none covers another.</summary>
    public List<KeptPrefix> Kept { get; } = [];
}
