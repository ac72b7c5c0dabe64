using System.Collections.Immutable;

namespace Capvec.Engine.Requests;

/// <summary>Which residual rows (<c>resid_post</c>, after steering: what the next block reads) to keep of one forward pass, reduced on the fly.</summary>
public sealed record CaptureRequest
{
    /// <summary>0-based blocks, in the order of the result; empty means every block.</summary>
    public ImmutableArray<int> Layers { get; init; } = [];

    /// <summary>How rows are reduced.</summary>
    public required CaptureReduction Reduction { get; init; }

    /// <summary>[tokens] true where a token counts; null means every token.</summary>
    public IReadOnlyList<bool>? Tokens { get; init; }
}
