using Capvec.Formats.Errors;

namespace Capvec.Peer.Llama;

/// <summary>A model loaded by llama.cpp, on processors only.</summary>
internal sealed class LlamaModel : IDisposable
{
    /// <summary>Loads a GGUF file.</summary>
    /// <exception cref="CapvecException">llama.cpp refuses the file.</exception>
    public LlamaModel(string path)
    {
        var parameters = LlamaLibrary.DefaultModelParameters();
        parameters.GpuLayers = 0;
        Handle = LlamaLibrary.LoadModel(path, parameters);
        if (Handle == 0)
            throw new CapvecException($"{path}: llama.cpp cannot load this file; its message stands above.");
        Vocabulary = LlamaLibrary.Tokens(LlamaLibrary.Vocabulary(Handle));
        Hidden = LlamaLibrary.Hidden(Handle);
        Layers = LlamaLibrary.Layers(Handle);
    }

    /// <summary>The library's pointer.</summary>
    public nint Handle { get; }

    /// <summary>Tokens of the vocabulary.</summary>
    public int Vocabulary { get; }

    /// <summary>Width of the residual stream.</summary>
    public int Hidden { get; }

    /// <summary>Number of blocks.</summary>
    public int Layers { get; }

    /// <summary>Loads a LoRA adapter; the model owns it.</summary>
    /// <returns>The library's pointer.</returns>
    /// <exception cref="CapvecException">llama.cpp refuses the file.</exception>
    public nint LoadAdapter(string path) => LlamaLibrary.LoadAdapter(Handle, path) is not 0 and var adapter
        ? adapter
        : throw new CapvecException($"{path}: llama.cpp cannot load this adapter; its message stands above.");

    /// <inheritdoc/>
    public void Dispose() => LlamaLibrary.FreeModel(Handle);
}
