namespace Capvec.Steering.Exchange;

/// <summary>A form in which direction sets are written.</summary>
public enum VectorForm
{
    /// <summary><c>dir.safetensors</c>: a tensor a layer, figures and provenance; loses nothing.</summary>
    Safetensors,

    /// <summary>torch.save of a dict from 0-based block to vector.</summary>
    Dict,

    /// <summary>torch.save of a matrix [layers, hidden], row l of the output of block l.</summary>
    Stacked,

    /// <summary>llama.cpp's control vector, with provenance in keys that others ignore. Block 0 cannot be expressed.</summary>
    Gguf,

    /// <summary>A control vector with the keys of GLP, which say whether the directions are added or projected out. Block 0 cannot be expressed.</summary>
    Glp,
}
