using System.Globalization;
using Capvec.Formats.Errors;
using Capvec.Formats.Torch;

namespace Capvec.Steering.Directions;

/// <summary>
/// Reads direction files of torch.save: a dict from layer to vector, with the layer as an int or as digits. Forms that do not say which
/// layer a vector belongs to are refused, because tools differ by one there (block inputs, embeddings at row 0) and a guess would be silent.
/// </summary>
internal static class TorchDirections
{
    private const string Expected = "expected a dict from layer (0-based block) to a float vector [hidden]; save {layer: vector} with torch.save";

    /// <summary>Reads a file; see <see cref="DirectionFile.Load"/>.</summary>
    public static DirectionSet Load(string path, string? tensor)
    {
        if (tensor is not null)
            throw new CapvecException($"{path}#{tensor}: a tensor can be chosen by name in .safetensors files only; {Expected}.");
        if (TorchFile.Load(path).Root is not TorchDictionary dictionary)
            throw new CapvecException($"{path} holds {Describe(TorchFile.Load(path).Root)}, which does not say which layer a row is of (some tools put the embeddings first); {Expected}.");
        if (dictionary.Count == 0)
            throw new CapvecException($"{path} holds an empty dict; {Expected}.");
        var notes = new List<string> { $"{path}: layer numbers are taken as 0-based blocks (outputs of blocks, not inputs)" };
        var directions = new List<Direction>();
        foreach (var (key, value) in dictionary)
        {
            if (Layer(key) is not { } layer)
                throw new CapvecException($"{path} has the key '{key}'{Hint(key)}; {Expected}.");
            if (value is not TorchTensor { Shape.Length: 1 } vector || vector.Count == 0)
                throw new CapvecException($"{path}: layer {layer} is {Describe(value)}; {Expected}.");
            float[] values;
            try
            {
                values = vector.ToFloat32();
            }
            catch (CapvecException e)
            {
                throw new CapvecException($"{path}: layer {layer}: {e.Message}", e);
            }

            directions.Add(Normalised(layer, values, path, notes));
        }

        return DirectionFile.Noted(directions, DirectionProvenance.Unknown, path, notes);
    }

    /// <summary>A direction of a vector of any length, with a note where the length was not 1 within what 16-bit storage explains.</summary>
    public static Direction Normalised(int layer, ReadOnlySpan<float> vector, string path, List<string> notes, double? margin = null, double? residualNorm = null)
    {
        var length = Direction.Length(vector);
        if (Math.Abs(length - 1) > 1e-2 && length > 0)
            notes.Add(string.Create(CultureInfo.InvariantCulture, $"{path}: the vector of layer {layer} had length {length:G4} and was brought to 1; its own strength is alpha = {length:G4}"));
        try
        {
            return new Direction(layer, vector, margin, residualNorm);
        }
        catch (CapvecException e)
        {
            throw new CapvecException($"{path}: {e.Message}", e);
        }
    }

    private static int? Layer(object key) => key switch
    {
        long number and >= 0 and < 10_000 => (int)number,
        string text when text.Length is > 0 and < 5 && text.All(char.IsAsciiDigit) => int.Parse(text, CultureInfo.InvariantCulture),
        _ => null,
    };

    private static string Hint(object key) => key is string text && text.StartsWith("refuse", StringComparison.Ordinal)
        ? " (llm-abliteration counts inputs of blocks: its number i is layer i-1)"
        : "";

    private static string Describe(object? value) => value switch
    {
        null => "None",
        TorchTensor tensor => $"a tensor [{string.Join(", ", tensor.Shape)}] of {tensor.Dtype}",
        TorchSequence sequence => $"a {(sequence.IsTuple ? "tuple" : "list")} of {sequence.Items.Count}",
        TorchDictionary dictionary => $"a dict of {dictionary.Count}",
        _ => $"a {value.GetType().Name}",
    };
}
