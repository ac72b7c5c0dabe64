using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Capvec.Engine.Interventions;
using Capvec.Formats.Errors;

namespace Capvec.Steering.Directions;

/// <summary>A direction for each of many layers of one model. Immutable.</summary>
public sealed class DirectionSet
{
    /// <summary>Makes a set.</summary>
    /// <param name="directions">At least one, at most one a layer, all of the same width.</param>
    /// <param name="provenance">Where they come from.</param>
    /// <param name="notes">What a reader of the set should be told, a line each.</param>
    /// <exception cref="CapvecException">There is none, two are of the same layer, or widths differ.</exception>
    public DirectionSet(IEnumerable<Direction> directions, DirectionProvenance provenance, IEnumerable<string>? notes = null)
    {
        Directions = [.. directions.OrderBy(d => d.Layer)];
        Provenance = provenance;
        Notes = [.. notes ?? []];
        if (Directions.IsEmpty)
            throw new CapvecException("a direction set needs at least one direction.");
        Hidden = Directions[0].Unit.Length;
        for (var i = 0; i < Directions.Length; i++)
        {
            var direction = Directions[i];
            if (direction.Unit.Length != Hidden)
                throw new CapvecException($"the direction at layer {direction.Layer} has {direction.Unit.Length} numbers, the one at layer {Directions[0].Layer} has {Hidden}; all must have the model's hidden size.");
            if (i > 0 && Directions[i - 1].Layer == direction.Layer)
                throw new CapvecException($"two directions are of layer {direction.Layer}; one a layer is expected.");
        }
    }

    /// <summary>The directions by rising layer.</summary>
    public ImmutableArray<Direction> Directions { get; }

    /// <summary>Where they come from.</summary>
    public DirectionProvenance Provenance { get; }

    /// <summary>What a reader should be told, such as what a file did not say.</summary>
    public ImmutableArray<string> Notes { get; }

    /// <summary>How the file that they were read from counts layers, and what its first and last number are here (a note says so too); null where its numbers are 0-based blocks.</summary>
    public string? Counting { get; init; }

    /// <summary>Width of each direction.</summary>
    public int Hidden { get; }

    /// <summary>The layers that have a direction, rising.</summary>
    public ImmutableArray<int> Layers => [.. Directions.Select(d => d.Layer)];

    /// <summary>16 hexadecimal digits of a SHA-256 over layers and numbers.</summary>
    public string Hash
    {
        get
        {
            using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            foreach (var direction in Directions)
            {
                sha.AppendData(BitConverter.GetBytes(direction.Layer));
                sha.AppendData(MemoryMarshal.AsBytes(direction.Unit));
            }

            return Convert.ToHexStringLower(sha.GetHashAndReset())[..16];
        }
    }

    /// <summary>The direction of a layer.</summary>
    /// <exception cref="CapvecException">The set has none for it.</exception>
    public Direction At(int layer) => Directions.FirstOrDefault(d => d.Layer == layer)
        ?? throw new CapvecException($"there is no direction for layer {layer}; the set has layers {Ranges(Layers)} (0-based blocks).");

    /// <summary>Refuses an operation that the directions were not made for.</summary>
    /// <param name="operation">What is to be done with them.</param>
    /// <param name="path">What the message calls the set.</param>
    /// <exception cref="CapvecException">They are to be taken out, and would be added.</exception>
    public void CheckUse(SteeringOperation operation, string path)
    {
        if (Provenance.IsForAblation && operation is (SteeringOperation.Add or SteeringOperation.AddKeepNorm))
            throw new CapvecException($"{path}: these directions are meant to be taken out (the file says so), and adding them does the opposite; use the operation ablate.", exitCode: CapvecException.WrongUsage);
    }

    /// <summary>Layers as short text: <c>0-3, 7</c>.</summary>
    public static string Ranges(IReadOnlyList<int> layers)
    {
        var parts = new List<string>();
        for (var i = 0; i < layers.Count;)
        {
            var end = i;
            while (end + 1 < layers.Count && layers[end + 1] == layers[end] + 1)
                end++;
            parts.Add(end == i ? $"{layers[i]}" : $"{layers[i]}-{layers[end]}");
            i = end + 1;
        }

        return string.Join(", ", parts);
    }
}
