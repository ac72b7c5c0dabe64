using System.Runtime.InteropServices;
using Capvec.Engine.Interventions;

namespace Capvec.Engine.Batching;

/// <summary>
/// What a sequence has computed: for each attention block the pages of its keys and values, for each delta-rule block the recurrent
/// matrices and the last inputs of the convolution. Laid out as <see cref="StateLayout"/> says.
/// </summary>
/// <remarks>
/// Every block has computed positions [0, Length); while Length &lt; TrunkLength, the first TrunkDepth blocks have computed [0, TrunkLength): those
/// came from another sequence, and rows below TrunkLength enter at block TrunkDepth.
/// A page with other holders is never written: <see cref="Reserve"/> copies it first.
/// </remarks>
internal sealed unsafe class SequenceState
{
    private readonly StateMemory _memory;
    private readonly PageTable?[] _keyValues;
    private readonly Page?[] _recurrent;
    private readonly List<ResidualTrack> _tracks = [];

    public SequenceState(StateMemory memory)
    {
        _memory = memory;
        _keyValues = [.. Layout.Attention.Select(a => a ? new PageTable(memory.KeyValues) : null)];
        _recurrent = new Page?[Layout.Layers];
    }

    /// <summary>How pages are laid out.</summary>
    public StateLayout Layout => _memory.Layout;

    /// <summary>What was computed, in order.</summary>
    public List<PrefixStep> Steps { get; } = [];

    /// <summary>Positions computed in every block.</summary>
    public int Length => Steps.Count;

    /// <summary>Positions computed in the first <see cref="TrunkDepth"/> blocks, where that is more than <see cref="Length"/>.</summary>
    public int TrunkLength { get; private set; }

    /// <summary>Blocks that have computed <see cref="TrunkLength"/> positions.</summary>
    public int TrunkDepth { get; private set; }

    /// <summary>Kept residual rows of the positions so far.</summary>
    public IReadOnlyList<ResidualTrack> Tracks => _tracks;

    /// <summary>Keys of a position's block of 16: [head dim][16].</summary>
    public float* Keys(int layer, int kvHead, int position) =>
        _keyValues[layer]![position].Pointer + ((((long)kvHead * StateLayout.PagePositions) + (position % StateLayout.PagePositions / StateLayout.KeyBlock * StateLayout.KeyBlock)) * Layout.HeadDim);

    /// <summary>Values of a position; the page's later positions follow at <see cref="StateLayout.ValueStride"/>.</summary>
    public float* Values(int layer, int kvHead, int position) =>
        _keyValues[layer]![position].Pointer + ((long)Layout.KvHeads * StateLayout.PagePositions * Layout.HeadDim)
        + ((((long)kvHead * StateLayout.PagePositions) + (position % StateLayout.PagePositions)) * Layout.ValueStride);

    public float* Conv(int layer) => _recurrent[layer]!.Pointer + Layout.RecurrentFloats;

    public float* Recurrent(int layer, int head) => _recurrent[layer]!.Pointer + ((long)head * Layout.KeyDim * Layout.RecurrentStride);

    /// <summary>Makes positions <c>[from, to)</c> writable in block <paramref name="entry"/> and those after it.</summary>
    public void Reserve(int entry, int from, int to)
    {
        for (var layer = entry; layer < Layout.Layers; layer++)
        {
            if (_keyValues[layer] is { } table)
            {
                table.Reserve(from, to);
            }
            else if (_recurrent[layer] is not { } page)
            {
                _recurrent[layer] = _memory.Recurrent.Take();
                NativeMemory.Clear(_recurrent[layer]!.Pointer, (nuint)_memory.Recurrent.Bytes);
            }
            else if (page.Holders > 1)
            {
                _recurrent[layer] = _memory.Recurrent.TakeCopy(page);
            }
        }
    }

    /// <summary>The track of a depth; made when there is none.</summary>
    public ResidualTrack Track(int depth)
    {
        var track = _tracks.Find(t => t.Depth == depth);
        if (track is null)
            _tracks.Add(track = new ResidualTrack(depth, _memory.Residuals, Layout.Hidden));
        return track;
    }

    /// <summary>Copies a delta-rule block's state of this moment.</summary>
    public Page CopyRecurrent(int layer) => _memory.Recurrent.TakeCopy(_recurrent[layer]!.Hold());

    /// <summary>What can be kept of the state after <paramref name="length"/> positions; nothing is held yet.</summary>
    /// <param name="length">Positions.</param>
    /// <param name="depth">Blocks.</param>
    /// <param name="copies">[layers] copies made when the state stood at that length, or null where it still does.</param>
    /// <param name="isTrunk">Whether residual rows belong to it.</param>
    public KeptPrefix Keep(int length, int depth, Page?[]? copies, bool isTrunk)
    {
        // Inside a trunk, its blocks stand at its end.
        var first = length < TrunkLength ? TrunkDepth : 0;
        return new()
        {
            Length = length,
            First = first,
            Depth = depth,
            KeyValues = [.. _keyValues.Select((table, layer) => layer >= first && layer < depth ? table?.Run(length) : null)],
            Recurrent = [.. _recurrent.Select((page, layer) => layer >= first && layer < depth ? copies?[layer] ?? page : null)],
            Residuals = [.. isTrunk && first == 0 ? _tracks.Where(t => t.Depth <= depth && t.From < length && t.To >= length).Select(t => t.Keep(length)) : []],
        };
    }

    /// <summary>Becomes the state after the first <paramref name="length"/> positions of a kept prefix up to the last block; of the blocks that it lacks, <see cref="EnterTrunk"/> must give it more.</summary>
    public void Start(KeptPrefix prefix, int length, ReadOnlySpan<PrefixStep> steps)
    {
        Clear();
        Take(prefix, prefix.First, Layout.Layers, length);
        Steps.AddRange(steps[..length]);
    }

    /// <summary>Takes the state of the first <paramref name="depth"/> blocks from a kept prefix that is longer.</summary>
    public void EnterTrunk(KeptPrefix trunk, int depth)
    {
        Take(trunk, 0, depth, trunk.Length);
        (TrunkLength, TrunkDepth) = (trunk.Length, depth);
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        Steps.Clear();
        (TrunkLength, TrunkDepth) = (0, 0);
        foreach (var table in _keyValues)
            table?.Clear();
        foreach (var page in _recurrent)
            page?.Release();
        Array.Clear(_recurrent);
        ClearTracks();
    }

    private void ClearTracks()
    {
        foreach (var track in _tracks)
            track.Clear();
        _tracks.Clear();
    }

    private void Take(KeptPrefix prefix, int first, int depth, int length)
    {
        for (var layer = first; layer < depth; layer++)
        {
            _keyValues[layer]?.Share(prefix.KeyValues[layer]!, length);
            var page = prefix.Recurrent[layer]?.Hold();
            _recurrent[layer]?.Release();
            _recurrent[layer] = page;
        }

        ClearTracks();
        foreach (var kept in prefix.Residuals.Where(r => r.Depth <= depth && r.From < length))
            Track(kept.Depth).Share(kept, length);
    }
}
