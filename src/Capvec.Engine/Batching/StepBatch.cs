namespace Capvec.Engine.Batching;

/// <summary>
/// One step's token rows, of many sequences: decode rows and prefill chunks alike. Slices with the same adapter stand side by side.
/// </summary>
internal sealed class StepBatch
{
    private readonly List<Slice> _slices = [];
    private readonly List<int> _logitRows = [];

    public StepBatch(int capacity)
    {
        Tokens = new int[capacity];
        Positions = new int[capacity];
        Own = new bool[capacity];
        SliceOf = new int[capacity];
    }

    /// <summary>Most rows.</summary>
    public int Capacity => Tokens.Length;

    /// <summary>Rows in use.</summary>
    public int Rows { get; private set; }

    /// <summary>[rows] token ids.</summary>
    public int[] Tokens { get; }

    /// <summary>[rows] absolute positions.</summary>
    public int[] Positions { get; }

    /// <summary>[rows] whether the model wrote the token itself.</summary>
    public bool[] Own { get; }

    /// <summary>[rows] index of the slice a row belongs to.</summary>
    public int[] SliceOf { get; }

    /// <summary>The sequences' shares.</summary>
    public IReadOnlyList<Slice> Slices => _slices;

    /// <summary>Rows whose logits are wanted, ascending.</summary>
    public IReadOnlyList<int> LogitRows => _logitRows;

    public void Clear()
    {
        Rows = 0;
        _slices.Clear();
        _logitRows.Clear();
    }

    /// <summary>Adds a slice whose rows begin at the current end; its tokens become part of the sequence's state.</summary>
    public void Add(Slice slice, ReadOnlySpan<int> tokens, ReadOnlySpan<bool> own)
    {
        for (var i = 0; i < slice.Count; i++)
        {
            var row = Rows + i;
            Tokens[row] = tokens[i];
            Own[row] = own[i];
            Positions[row] = slice.Position + i;
            SliceOf[row] = _slices.Count;
        }

        Rows += slice.Count;
        _slices.Add(slice);
    }

    /// <summary>Asks for the logits of a row; rows are asked for in ascending order.</summary>
    public void WantLogits(int row) => _logitRows.Add(row);
}
