using System.Globalization;
using Capvec.Formats.Errors;
using Capvec.Formats.Safetensors;
using Capvec.Formats.Torch;
using Capvec.Steering.Exchange;

namespace Capvec.Steering.Directions;

/// <summary>Direction sets on disk: <c>dir.safetensors</c> with everything, <c>dir.pt</c> with the vectors alone. docs/formats.md describes both.</summary>
public static class DirectionFile
{
    /// <summary>Value of the metadata key <c>format</c> in the files written here.</summary>
    public const string Format = "capvec-directions-1";

    /// <summary>Writes <c>dir.pt</c> and <c>dir.safetensors</c> into a folder, each atomically.</summary>
    /// <exception cref="CapvecException">The folder cannot be written.</exception>
    public static void SaveBoth(DirectionSet set, string folder)
    {
        SaveTorch(set, Path.Combine(folder, "dir.pt"));
        SaveSafetensors(set, Path.Combine(folder, "dir.safetensors"));
    }

    /// <summary>Writes a dict from layer (int, 0-based block) to unit vector (float32 [hidden]) that <c>torch.load(weights_only=True)</c> reads. It holds no provenance.</summary>
    /// <exception cref="CapvecException">The folder cannot be written.</exception>
    public static void SaveTorch(DirectionSet set, string path) =>
        TorchWriter.Write(path, [.. set.Directions.Select(d => KeyValuePair.Create(d.Layer, d.Unit.ToArray()))]);

    /// <summary>Writes a tensor <c>direction.N</c> (float32 [hidden]) for each layer N, with margins, residual norms, lengths and provenance as JSON in the metadata.</summary>
    /// <exception cref="CapvecException">The folder cannot be written.</exception>
    public static void SaveSafetensors(DirectionSet set, string path)
    {
        var writer = new SafetensorsWriter();
        foreach (var direction in set.Directions)
            writer.Add(string.Create(CultureInfo.InvariantCulture, $"direction.{direction.Layer}"), [set.Hidden], direction.Unit.ToArray());
        foreach (var (key, value) in DirectionMetadata.Of(set))
            writer.Metadata[key] = value;
        writer.Write(path);
    }

    /// <summary>Reads a direction set of any tool that docs/exchange.md lists.</summary>
    /// <param name="path">
    /// A folder (its dir.safetensors, else its dir.pt), or a file. <c>file#name</c> takes one of several sets in a file: of safetensors the tensor
    /// <c>name</c> [layers, hidden], whose row l is layer l.
    /// </param>
    /// <param name="layersAre">What the file's layer numbers count, where it does not say so itself.</param>
    /// <exception cref="CapvecException">The file is missing, broken, hostile, or of a form that does not say which layer a vector is of.</exception>
    public static DirectionSet Load(string path, LayerReading? layersAre = null) => DirectionExchange.Read(path, layersAre).Set;

    /// <summary>A set with a note on what its file does not say.</summary>
    internal static DirectionSet Noted(IEnumerable<Direction> directions, DirectionProvenance provenance, string path, List<string> notes, string? counting)
    {
        if (provenance.Missing is { Count: > 0 } missing)
            notes.Add($"{path} does not say: {string.Join(", ", missing)}");
        try
        {
            return new DirectionSet(directions, provenance, notes) { Counting = counting };
        }
        catch (CapvecException e)
        {
            throw new CapvecException($"{path}: {e.Message}", e);
        }
    }
}
