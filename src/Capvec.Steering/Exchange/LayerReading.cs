using System.Globalization;
using Capvec.Formats.Errors;

namespace Capvec.Steering.Exchange;

/// <summary>What the layer numbers of a file count. Tools differ by one block, and a shift by one does not fail, it only works less well.</summary>
public sealed record LayerReading
{
    private LayerReading(string word, int shift, int? block = null) => (Word, Shift, Block) = (word, shift, block);

    /// <summary>N is the output of the 0-based block N, as everywhere in Capvec; in TransformerLens <c>hook_resid_post</c>.</summary>
    public static LayerReading ResidPost { get; } = new("resid_post", 0);

    /// <summary>N indexes the tuple <c>hidden_states</c> of transformers: 0 is the embeddings, N the output of the 0-based block N-1, and the last one is after the final norm. Layers counted from 1 are the same.</summary>
    public static LayerReading HiddenStates { get; } = new("hidden_states", -1);

    /// <summary>N is the input of the 0-based block N; in TransformerLens <c>hook_resid_pre</c>. The same layers as <see cref="HiddenStates"/>.</summary>
    public static LayerReading ResidPre { get; } = new("resid_pre", -1);

    /// <summary>How users write it.</summary>
    public string Word { get; }

    /// <summary>Layer less number.</summary>
    public int Shift { get; }

    /// <summary>The 0-based block of a file's only vector, where the user gave a number; the file then has none of its own.</summary>
    public int? Block { get; }

    /// <summary>The only vector of a file is of this 0-based block.</summary>
    public static LayerReading Of(int block) => new(block.ToString(CultureInfo.InvariantCulture), 0, block);

    /// <summary>Reads <c>resid_post</c>, <c>hidden_states</c>, <c>resid_pre</c>, or the number of a 0-based block.</summary>
    /// <exception cref="CapvecException">It is none of these.</exception>
    public static LayerReading Parse(string text)
    {
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var block))
            return Of(block);
        return new[] { ResidPost, HiddenStates, ResidPre }.FirstOrDefault(r => r.Word == text) ?? throw new CapvecException(
            $"--layers-are {text}: expected resid_post (N is the output of the 0-based block N), hidden_states (N counts from the embeddings), resid_pre (N is the input of block N), or the number of a 0-based block where the file has one vector.",
            exitCode: CapvecException.WrongUsage);
    }

    /// <summary>The layer, <c>resid_post[b]</c>, of a number of the file; -1 is the embeddings.</summary>
    public int Layer(int number) => Block ?? number + Shift;
}
