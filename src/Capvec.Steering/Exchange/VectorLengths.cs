namespace Capvec.Steering.Exchange;

/// <summary>How long written vectors are.</summary>
public enum VectorLengths
{
    /// <summary>As long as they were in the file that they came from; 1 for what Capvec computed.</summary>
    Own,

    /// <summary>1.</summary>
    Unit,

    /// <summary>The margin, so that strength 1 moves a mean negative as far as a mean positive.</summary>
    Margin,
}
