namespace Capvec.Engine.Requests;

/// <summary>How captured residual rows of one sequence become the result.</summary>
public enum CaptureReduction
{
    /// <summary>The mean over the chosen tokens, [hidden] a layer, summed in float64 in order of position.</summary>
    Mean,

    /// <summary>The last chosen token's row, [hidden] a layer.</summary>
    Last,

    /// <summary>The Euclidean length of every chosen token's row, [tokens] a layer, summed in float64.</summary>
    Lengths,

    /// <summary>Every chosen token's row, [tokens, hidden] a layer.</summary>
    All,
}
