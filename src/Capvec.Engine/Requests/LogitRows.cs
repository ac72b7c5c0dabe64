namespace Capvec.Engine.Requests;

/// <summary>Of which positions a forward pass returns logits.</summary>
public enum LogitRows
{
    /// <summary>None.</summary>
    None,

    /// <summary>The last position.</summary>
    Last,

    /// <summary>Every position.</summary>
    All,
}
