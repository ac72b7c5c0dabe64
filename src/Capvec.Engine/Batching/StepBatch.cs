namespace Capvec.Engine.Batching;

/// <summary>
/// One step's token rows, of many sequences: decode rows and prefill chunks alike. Slices are added in order of the block where they
/// enter; those with the same entry and adapter stand side by side.
/// </summary>
/// <remarks><see cref="Rows"/> and <see cref="Slices"/> are those that have entered: a beginning of what was added, so row and slice numbers stay.</remarks>
internal sealed class StepBatch
{
    private readonly List<Slice> _added = [];
    private readonly List<Slice> _slices = [];
    private readonly List<int> _logitRows = [];

    public StepBatch(int capacity)
    {
        Tokens = new int[capacity];
        Positions = new int[capacity];
        Reply = new int[capacity];
        SliceOf = new int[capacity];
    }

    /// <summary>Most rows.</summary>
    public int Capacity => Tokens.Length;

    /// <summary>Rows added.</summary>
    public int Added { get; private set; }

    /// <summary>Rows that have entered.</summary>
    public int Rows { get; private set; }

    /// <summary>[rows] token ids.</summary>
    public int[] Tokens { get; }

    /// <summary>[rows] absolute positions.</summary>
    public int[] Positions { get; }

    /// <summary>[rows] number of the token in the model's own reply, -1 where the model did not write it.</summary>
    public int[] Reply { get; }

    /// <summary>[rows] index of the slice a row belongs to.</summary>
    public int[] SliceOf { get; }

    /// <summary>The sequences' shares that have entered.</summary>
    public IReadOnlyList<Slice> Slices => _slices;

    /// <summary>All shares.</summary>
    public IReadOnlyList<Slice> AllSlices => _added;

    /// <summary>Rows whose logits are wanted, ascending.</summary>
    public IReadOnlyList<int> LogitRows => _logitRows;

    /// <summary>Most slices that one sequence has.</summary>
    public int Waves { get; private set; }

    public void Clear()
    {
        (Added, Rows, Waves) = (0, 0, 0);
        _added.Clear();
        _slices.Clear();
        _logitRows.Clear();
    }

    /// <summary>Adds a slice whose rows begin at the current end.</summary>
    public void Add(Slice slice, ReadOnlySpan<int> tokens, ReadOnlySpan<int> reply)
    {
        for (var i = 0; i < slice.Count; i++)
        {
            var row = Added + i;
            Tokens[row] = tokens[i];
            Reply[row] = reply[i];
            Positions[row] = slice.Position + i;
            SliceOf[row] = _added.Count;
        }

        Added += slice.Count;
        Waves = Math.Max(Waves, slice.Wave + 1);
        _added.Add(slice);
    }

    /// <summary>Lets the slices enter that enter at a block, and tells which they are.</summary>
    public IReadOnlyList<Slice> Enter(int layer)
    {
        var first = _slices.Count;
        for (var i = first; i < _added.Count && _added[i].Entry == layer; i++)
        {
            _slices.Add(_added[i]);
            Rows += _added[i].Count;
        }

        return _slices.GetRange(first, _slices.Count - first);
    }

    /// <summary>Of the rows that have entered, those that something reads after the mixer of the last block: logits, captures, tracks of the full depth.</summary>
    public int[] RowsReadAfter(int lastLayer)
    {
        var read = new bool[Rows];
        foreach (var slice in _slices)
        {
            var capture = slice.Capture?.Wants(lastLayer) == true ? slice.Capture : null;
            var recorded = slice.Recording.Any(t => t.Depth == lastLayer + 1);
            for (var i = 0; i < slice.Count; i++)
                read[slice.Row + i] = recorded || capture?.Reads(slice.Position + i) == true;
        }

        foreach (var row in _logitRows)
        {
            if (row < Rows)
                read[row] = true;
        }

        return [.. Enumerable.Range(0, Rows).Where(row => read[row])];
    }

    /// <summary>The same step without the entered rows that are not among <paramref name="kept"/> (ascending); slices that have not entered follow as here.</summary>
    public StepBatch Narrow(ReadOnlySpan<int> kept)
    {
        var narrow = new StepBatch(kept.Length + Added - Rows);
        for (var i = 0; i < kept.Length;)
        {
            var (row, count) = (kept[i], 1);
            while (i + count < kept.Length && kept[i + count] == row + count && SliceOf[row + count] == SliceOf[row])
                count++;
            var slice = _added[SliceOf[row]];
            narrow.Take(this, slice with { Row = narrow.Added, Position = slice.Position + row - slice.Row, Count = count }, row);
            i += count;
        }

        narrow._slices.AddRange(narrow._added);
        narrow.Rows = narrow.Added;
        foreach (var slice in _added.Skip(_slices.Count))
            narrow.Take(this, slice with { Row = narrow.Added }, slice.Row);
        return narrow;
    }

    /// <summary>Asks for the logits of a row; rows are asked for in ascending order.</summary>
    public void WantLogits(int row) => _logitRows.Add(row);

    private void Take(StepBatch from, Slice slice, int row) => Add(slice, from.Tokens.AsSpan(row, slice.Count), from.Reply.AsSpan(row, slice.Count));
}
