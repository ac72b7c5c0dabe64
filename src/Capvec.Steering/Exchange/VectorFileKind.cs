namespace Capvec.Steering.Exchange;

/// <summary>How the bytes of a file are laid out, whatever tool wrote it.</summary>
internal enum VectorFileKind
{
    /// <summary>A folder.</summary>
    Folder,

    /// <summary>torch.save.</summary>
    Torch,

    /// <summary>safetensors.</summary>
    Safetensors,

    /// <summary>GGUF.</summary>
    Gguf,

    /// <summary>One array of numpy, or an archive of them.</summary>
    Numpy,

    /// <summary>JSON.</summary>
    Json,
}
