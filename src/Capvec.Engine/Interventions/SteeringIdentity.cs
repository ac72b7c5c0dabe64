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
    private readonly bool _isScheduled;
    private readonly Dictionary<(int Between, int Reply), (ulong Action, int Depth)> _known = [];
    private readonly int _layers;

    /// <param name="parts">The operations in the order of sites and layers, and within these in the order in which they act.</param>
    /// <param name="layers">Blocks of the model.</param>
    public SteeringIdentity(IEnumerable<Part> parts, int layers)
    {
        _parts = [.. parts];
        _layers = layers;
        _bounds = [.. _parts.SelectMany(p => new[] { p.Operation.Bounds.From, p.Operation.Bounds.To }).Distinct().Order()];
        _isScheduled = _parts.Any(p => p.Operation.IsScheduled);
    }

    /// <summary>The identity of what acts at a position (0 for nothing), and how many blocks run as if nothing did.</summary>
    public (ulong Action, int Depth) At(int position, int reply)
    {
        var between = Array.BinarySearch(_bounds, position);
        between = between < 0 ? ~between : between + 1;
        var key = (between, reply < 0 || _isScheduled ? reply : 0);
        if (!_known.TryGetValue(key, out var known))
            _known[key] = known = Compute(position, reply);
        return known;
    }

    private (ulong Action, int Depth) Compute(int position, int reply)
    {
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var depth = _layers;
        var acts = false;
        foreach (var part in _parts)
        {
            if (!part.Operation.Acts(position, reply, out var strength))
                continue;
            acts = true;
            depth = Math.Min(depth, part.Depth);
            sha.AppendData(part.Digest(strength));
        }

        return acts ? (BinaryPrimitives.ReadUInt64LittleEndian(sha.GetHashAndReset()) | 1, depth) : (0, _layers);
    }

    /// <summary>One operation and where it stands.</summary>
    internal sealed class Part
    {
        private readonly SteeringSite _site;
        private readonly int _layer;
        private readonly byte[] _digest;

        public Part(CompiledOperation operation, SteeringSite site, int layer)
        {
            (Operation, _site, _layer) = (operation, site, layer);
            Depth = site switch { SteeringSite.Embedding => 0, SteeringSite.BlockOutput => layer + 1, _ => layer };
            _digest = Compute(operation.Strength);
        }

        public CompiledOperation Operation { get; }

        /// <summary>Blocks whose computation it does not touch; a block whose output alone it changes is one of them.</summary>
        public int Depth { get; }

        /// <summary>What tells it from every other operation, at the strength that a position gets.</summary>
        public byte[] Digest(float strength) => strength == Operation.Strength ? _digest : Compute(strength);

        private byte[] Compute(float strength)
        {
            Span<byte> head = stackalloc byte[24];
            BinaryPrimitives.WriteInt32LittleEndian(head, (int)Operation.Operation);
            BinaryPrimitives.WriteInt32LittleEndian(head[4..], (int)_site);
            BinaryPrimitives.WriteInt32LittleEndian(head[8..], _layer);
            BinaryPrimitives.WriteSingleLittleEndian(head[12..], strength);
            BinaryPrimitives.WriteSingleLittleEndian(head[16..], Operation.Range.Low);
            BinaryPrimitives.WriteSingleLittleEndian(head[20..], Operation.Range.High);
            using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            sha.AppendData(head);
            sha.AppendData(MemoryMarshal.AsBytes(Operation.Direction.AsSpan()));
            return sha.GetHashAndReset();
        }
    }
}
