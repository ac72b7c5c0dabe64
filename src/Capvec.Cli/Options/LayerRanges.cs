using System.Collections.Immutable;
using System.Globalization;
using Capvec.Engine.Loading;
using Capvec.Formats.Errors;

namespace Capvec.Cli.Options;

/// <summary>Lists of layers as users write them: 3, or 4-10, or 3,11.</summary>
internal static class LayerRanges
{
    /// <summary>The layers that a text names, in its order.</summary>
    /// <param name="option">The option it was given to, for errors.</param>
    /// <param name="text">The text.</param>
    /// <param name="model">The model that must have them.</param>
    /// <exception cref="CapvecException">It names none, one twice, or one that the model does not have.</exception>
    public static ImmutableArray<int> Parse(string option, string text, LanguageModel model)
    {
        var layers = ImmutableArray.CreateBuilder<int>();
        foreach (var part in text.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries))
        {
            var ends = part.Split('-');
            if (ends.Length > 2 || !TryLayer(ends[0], out var first) || !TryLayer(ends[^1], out var last) || last < first)
                throw new CapvecException($"{option} {text}: \"{part}\" is not a layer; a block from 0 to {model.Layers - 1} or a range such as 4-10 was expected.", exitCode: CapvecException.WrongUsage);
            if (last >= model.Layers)
                throw new CapvecException($"{option} {text}: the model has blocks 0 to {model.Layers - 1}.", exitCode: CapvecException.WrongUsage);
            for (var layer = first; layer <= last; layer++)
                layers.Add(layer);
        }

        if (layers.Count == 0 || layers.Distinct().Count() != layers.Count)
            throw new CapvecException($"{option} \"{text}\" names {(layers.Count == 0 ? "no layer" : "a layer twice")}; give each block once.", exitCode: CapvecException.WrongUsage);
        return layers.ToImmutable();
    }

    private static bool TryLayer(string text, out int layer) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out layer);
}
