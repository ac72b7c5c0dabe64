namespace Capvec.Formats.Torch;

/// <summary>Why a pickle is refused; <see cref="TorchFile"/> adds the file's name and what to do.</summary>
internal sealed class PickleFailure(string reason, bool isForbiddenGlobal = false) : Exception(reason)
{
    /// <summary>Whether the pickle named something outside the whitelist, as one that means to run code does.</summary>
    public bool IsForbiddenGlobal { get; } = isForbiddenGlobal;
}
