using System.Globalization;
using Capvec.Formats.Errors;
using Capvec.Formats.Torch;

namespace Capvec.Steering.Exchange;

/// <summary>What forms of torch.save share: layer numbers in keys, vectors in tensors, and words for what else is found.</summary>
internal static class TorchVectors
{
    /// <summary>What a torch file may hold.</summary>
    public const string Expected = "a dict from layer to a float vector [hidden], a tensor [layers, hidden], or a file of a tool that docs/exchange.md lists";

    private const int MostLayers = 10_000;

    /// <summary>A layer number of a dictionary's key: a whole number, or digits; null for anything else.</summary>
    public static int? Number(object key) => key switch
    {
        long number and >= 0 and < MostLayers => (int)number,
        string text when text.Length is > 0 and < 5 && text.All(char.IsAsciiDigit) => int.Parse(text, CultureInfo.InvariantCulture),
        _ => null,
    };

    /// <summary>A number behind a prefix, <c>refuse_12</c>; null for another key.</summary>
    public static int? Number(object key, string prefix) => key is string text && text.StartsWith(prefix, StringComparison.Ordinal) ? Number(text[prefix.Length..]) : null;

    /// <summary>Whether something is a vector: [hidden], or [1, hidden].</summary>
    public static bool IsVector(object? value) => value is TorchTensor { Count: > 0, Shape: [_] or [1, _] };

    /// <summary>The numbers of a vector.</summary>
    /// <param name="value">From the file.</param>
    /// <param name="where">What messages call it: file and layer.</param>
    /// <exception cref="CapvecException">It is no vector, or not of floats.</exception>
    public static float[] Values(object? value, string where)
    {
        if (!IsVector(value))
            throw new CapvecException($"{where} is {Describe(value)}; expected a float vector [hidden].");
        try
        {
            return ((TorchTensor)value!).ToFloat32();
        }
        catch (CapvecException e)
        {
            throw new CapvecException($"{where}: {e.Message}", e);
        }
    }

    /// <summary>Words for something in a torch file.</summary>
    public static string Describe(object? value) => value switch
    {
        null => "None",
        TorchTensor tensor => $"a tensor [{string.Join(", ", tensor.Shape)}] of {tensor.Dtype}",
        TorchSequence sequence => $"a {(sequence.IsTuple ? "tuple" : "list")} of {sequence.Items.Count}",
        TorchDictionary { Count: 0 } => "an empty dict",
        TorchDictionary dictionary => $"a dict of {dictionary.Count} with the key '{dictionary.Keys.FirstOrDefault(k => Number(k) is null) ?? dictionary.Keys.First()}'",
        TorchRecord record => $"a {record.Type}",
        _ => $"a {value.GetType().Name}",
    };

    /// <summary>What may help with a file that was not understood.</summary>
    public static string Hint(object? value, string path) => value switch
    {
        TorchDictionary dictionary when dictionary.FirstOrDefault(p => p.Value is TorchDictionary or TorchTensor { Shape.Length: 2 }).Key is { } key => $"; one of them may be chosen as {path}#{key}",
        _ => "",
    };
}
