namespace Capvec.Engine.Requests;

/// <summary>Why a generation ended.</summary>
public enum FinishReason
{
    /// <summary>A stop token was chosen (it is not part of the result).</summary>
    StopToken,

    /// <summary>The caller's token callback asked to stop, for example on a stop text.</summary>
    Callback,

    /// <summary>The limit of new tokens or the model's context was reached.</summary>
    Length,
}
