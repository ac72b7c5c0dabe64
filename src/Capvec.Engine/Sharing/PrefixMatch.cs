namespace Capvec.Engine.Sharing;

/// <summary>How far a path is in the tree.</summary>
/// <param name="Nodes">Nodes whose runs lie on the path as a whole, shortest first.</param>
/// <param name="Last">The node that the path ends in, perhaps inside its run.</param>
/// <param name="Length">Steps that are in the tree.</param>
internal sealed record PrefixMatch(IReadOnlyList<PrefixNode> Nodes, PrefixNode Last, int Length);
