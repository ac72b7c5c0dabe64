namespace Capvec.Engine.Benchmarks.RandomModels;

/// <summary>
/// Where the value heads of a tensor lie. A Hugging Face folder groups the value heads by their key head; GGUF tiles them, so that value
/// head p belongs to key head p modulo their number.
/// </summary>
/// <param name="First">Index of the first row (or column) that belongs to a value head.</param>
/// <param name="Width">Rows (or columns) of a head.</param>
/// <param name="Columns">Whether columns are meant.</param>
internal sealed record HeadOrder(int First, int Width, bool Columns)
{
    /// <summary>The row (or column) of the folder that stands at an index of the GGUF file.</summary>
    /// <param name="index">Row (or column) in the GGUF file.</param>
    /// <param name="shape">The model's numbers of heads.</param>
    public long Source(long index, RandomShape shape)
    {
        if (index < First)
            return index;
        var (p, within) = Math.DivRem(index - First, Width);
        var head = (p % shape.KeyHeads * (shape.ValueHeads / shape.KeyHeads)) + (p / shape.KeyHeads);
        return First + (head * Width) + within;
    }
}
