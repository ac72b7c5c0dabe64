namespace Capvec.Engine.Batching;

/// <summary>The pools that an engine's sequence states live in.</summary>
internal sealed class StateMemory(StateLayout layout) : IDisposable
{
    /// <summary>How states lie in their pages.</summary>
    public StateLayout Layout { get; } = layout;

    /// <summary>Keys and values of 64 positions of an attention block.</summary>
    public PagePool KeyValues { get; } = new(layout.KeyValueFloats);

    /// <summary>Matrices and convolution history of a delta-rule block.</summary>
    public PagePool Recurrent { get; } = new(layout.RecurrentFloats + layout.ConvFloats);

    /// <summary>Rows of the residual stream, 64 positions.</summary>
    public PagePool Residuals { get; } = new((long)StateLayout.PagePositions * layout.Hidden);

    public void Dispose()
    {
        KeyValues.Dispose();
        Recurrent.Dispose();
        Residuals.Dispose();
    }
}
