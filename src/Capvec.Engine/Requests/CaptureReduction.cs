namespace Capvec.Engine.Requests;

/// <summary>How captured residual rows of one sequence become the result.</summary>
public enum CaptureReduction
{
    /// <summary>The mean over the chosen tokens, [hidden] a layer, summed in float64 in order of position.</summary>
    Mean,

    /// <summary>The last chosen token's row, [hidden] a layer.</summary>
    Last,

    /// <summary>The mean Euclidean length of the chosen tokens' rows, one number a layer, summed in float64 in order of position.</summary>
    MeanLength,

    /// <summary>Every chosen token's row, [tokens, hidden] a layer.</summary>
    All,
}
