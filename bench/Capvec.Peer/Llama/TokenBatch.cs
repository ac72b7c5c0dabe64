using System.Runtime.InteropServices;

namespace Capvec.Peer.Llama;

/// <summary>llama_batch: tokens with their positions and sequences, and which of them give logits.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct TokenBatch
{
    /// <summary>Number of tokens.</summary>
    public int Count;

    /// <summary>[tokens] ids.</summary>
    public int* Tokens;

    /// <summary>Embeddings in place of ids; null.</summary>
    public float* Embeddings;

    /// <summary>[tokens] positions.</summary>
    public int* Positions;

    /// <summary>[tokens] to how many sequences a token belongs; 1.</summary>
    public int* SequenceCounts;

    /// <summary>[tokens] pointers to the sequence's number.</summary>
    public int** Sequences;

    /// <summary>[tokens] 1 where logits are wanted.</summary>
    public sbyte* Logits;
}
