using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Capvec.Engine.Interventions;

/// <summary>
/// What steering does to a position, as a number: two positions with the same number are changed in the same way, whatever plans,
/// masks and roles that comes from. Not thread-safe.
/// </summary>
internal sealed class SteeringIdentity
{
    private readonly Part[] _parts;
    private readonly int[] _bounds;
    private readonly (ulong Action, int Depth)?[] _known;
    private readonly int _layers;

    /// <param name="parts">The operations in the order of sites and layers, and within these in the order in which they act.</param>
    /// <param name="layers">Blocks of the model.</param>
    public SteeringIdentity(IEnumerable<Part> parts, int layers)
    {
        _parts = [.. parts];
        _layers = layers;
        _bounds = [.. _parts.SelectMany(p => new[] { p.Operation.Where.From, p.Operation.Where.To }).Distinct().Order()];
        _known = new (ulong, int)?[2 * (_bounds.Length + 1)];
    }

    /// <summary>The identity of what acts at a position (0 for nothing), and how many blocks run as if nothing did.</summary>
    public (ulong Action, int Depth) At(int position, bool own)
    {
        var between = Array.BinarySearch(_bounds, position);
        between = between < 0 ? ~between : between + 1;
        return _known[(2 * between) + (own ? 1 : 0)] ??= Compute(position, own);
    }

    private (ulong Action, int Depth) Compute(int position, bool own)
    {
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var depth = _layers;
        var acts = false;
        foreach (var part in _parts)
        {
            if (!part.Operation.Where.Holds(position, own))
                continue;
            acts = true;
            depth = Math.Min(depth, part.Depth);
            sha.AppendData(part.Digest);
        }

        return acts ? (BinaryPrimitives.ReadUInt64LittleEndian(sha.GetHashAndReset()) | 1, depth) : (0, _layers);
    }

    /// <summary>One operation and where it stands.</summary>
    internal sealed class Part
    {
        public Part(CompiledOperation operation, SteeringSite site, int layer)
        {
            Operation = operation;
            Depth = site switch { SteeringSite.Embedding => 0, SteeringSite.BlockOutput => layer + 1, _ => layer };
            Span<byte> head = stackalloc byte[16];
            BinaryPrimitives.WriteInt32LittleEndian(head, (int)operation.Operation);
            BinaryPrimitives.WriteInt32LittleEndian(head[4..], (int)site);
            BinaryPrimitives.WriteInt32LittleEndian(head[8..], layer);
            BinaryPrimitives.WriteSingleLittleEndian(head[12..], operation.Operation == SteeringOperation.Ablate ? 0 : operation.Strength);
            using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            sha.AppendData(head);
            sha.AppendData(MemoryMarshal.AsBytes(operation.Direction.AsSpan()));
            Digest = sha.GetHashAndReset();
        }

        public CompiledOperation Operation { get; }

        /// <summary>Blocks whose computation it does not touch; a block whose output alone it changes is one of them.</summary>
        public int Depth { get; }

        public byte[] Digest { get; }
    }
}
