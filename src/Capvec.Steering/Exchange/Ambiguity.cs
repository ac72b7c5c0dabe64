using Capvec.Formats.Errors;
using Capvec.Steering.Directions;

namespace Capvec.Steering.Exchange;

/// <summary>The refusal of files whose layer numbers can be read in two ways, with what each would mean for this file.</summary>
internal static class Ambiguity
{
    /// <summary>The user's reading, or the refusal.</summary>
    /// <param name="file">The file.</param>
    /// <param name="what">What it holds, such as "a dict from 0 to 31".</param>
    /// <param name="numbers">The numbers in it.</param>
    /// <param name="layersAre">What the user said, or null.</param>
    /// <exception cref="CapvecException">The user said nothing.</exception>
    public static LayerReading Settle(VectorFile file, string what, IReadOnlyList<int> numbers, LayerReading? layersAre)
    {
        if (layersAre is not null)
            return layersAre;
        string Means(LayerReading reading)
        {
            int[] layers = [.. numbers.Select(reading.Layer).Where(l => l >= 0).Order()];
            return $"layers {DirectionSet.Ranges(layers)}{(layers.Length < numbers.Count ? ", and the vector of the embeddings left out" : "")}";
        }

        throw new CapvecException(
            $"{file.Name} holds {what}, which does not say what the numbers count, and tools differ by one block. "
            + $"--layers-are resid_post: N is the output of the 0-based block N, as steering-vectors, CAA and Capvec count (here {Means(LayerReading.ResidPost)}). "
            + $"--layers-are hidden_states: N indexes transformers' hidden_states, 0 being the embeddings, as llm-abliteration and persona_vectors count (here {Means(LayerReading.HiddenStates)}). "
            + "Find out how the file was made; `capvec vectors convert` with the right one writes it down for good.",
            exitCode: CapvecException.WrongUsage);
    }

    /// <summary>The block of a file's only vector, or the refusal.</summary>
    /// <exception cref="CapvecException">The user gave no block.</exception>
    public static LayerReading Block(VectorFile file, LayerReading? layersAre) => layersAre is { Block: not null } ? layersAre : throw new CapvecException(
        $"{file.Name} holds one vector and does not say of which layer; give the 0-based block whose output it is of, such as --layers-are 12.", exitCode: CapvecException.WrongUsage);
}
