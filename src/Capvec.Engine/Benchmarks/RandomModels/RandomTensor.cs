namespace Capvec.Engine.Benchmarks.RandomModels;

/// <summary>A tensor of a model with random weights.</summary>
/// <param name="Name">Its name in a Hugging Face folder.</param>
/// <param name="GgufName">Its name in a GGUF file.</param>
/// <param name="Shape">[rows, columns], or as the folder has it.</param>
/// <param name="Kind">What the values are for.</param>
/// <param name="Heads">Where its value heads lie, or null where it has none; GGUF keeps them in another order.</param>
internal sealed record RandomTensor(string Name, string GgufName, long[] Shape, RandomTensorKind Kind, HeadOrder? Heads = null)
{
    /// <summary>Number of values.</summary>
    public long Count => Shape.Aggregate(1L, (a, b) => a * b);

    /// <summary>Length of a row.</summary>
    public int Columns => (int)Shape[^1];

    /// <summary>Number of rows.</summary>
    public long Rows => Count / Columns;
}
