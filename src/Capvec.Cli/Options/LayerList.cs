using System.Collections.Immutable;
using System.Globalization;
using Capvec.Formats.Errors;

namespace Capvec.Cli.Options;

/// <summary>Layers as users write them: <c>3</c>, <c>4-10</c>, <c>3,11</c>.</summary>
internal static class LayerList
{
    /// <summary>Reads a list.</summary>
    /// <param name="text">What the user wrote.</param>
    /// <param name="option">The option, for messages.</param>
    /// <param name="layers">Blocks of the model.</param>
    /// <exception cref="CapvecException">It is no list, names a block twice, or one that the model does not have.</exception>
    public static ImmutableArray<int> Parse(string text, string option, int layers)
    {
        var list = ImmutableArray.CreateBuilder<int>();
        foreach (var part in text.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries))
        {
            var ends = part.Split('-');
            if (ends.Length > 2 || !TryLayer(ends[0], out var first) || !TryLayer(ends[^1], out var last) || last < first)
                throw new CapvecException($"{option} {text}: \"{part}\" is not a layer; a block from 0 to {layers - 1} or a range such as 4-10 was expected.", exitCode: CapvecException.WrongUsage);
            if (last >= layers)
                throw new CapvecException($"{option} {text}: there are blocks 0 to {layers - 1}.", exitCode: CapvecException.WrongUsage);
            for (var layer = first; layer <= last; layer++)
                list.Add(layer);
        }

        if (list.Count == 0 || list.Distinct().Count() != list.Count)
            throw new CapvecException($"{option} \"{text}\" names {(list.Count == 0 ? "no layer" : "a layer twice")}; give each block once.", exitCode: CapvecException.WrongUsage);
        return list.ToImmutable();
    }

    private static bool TryLayer(string text, out int layer) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out layer);
}
