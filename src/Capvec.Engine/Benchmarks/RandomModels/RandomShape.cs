using Capvec.Formats.Errors;

namespace Capvec.Engine.Benchmarks.RandomModels;

/// <summary>The shape of a Qwen3.5 text model, for models with random weights.</summary>
/// <param name="Name">How the published model of this shape is called.</param>
/// <param name="Hidden">Width of the residual stream.</param>
/// <param name="Intermediate">Width of the MLP.</param>
/// <param name="Layers">Blocks; every fourth has full attention.</param>
/// <param name="Heads">Query heads.</param>
/// <param name="KvHeads">Key/value heads.</param>
/// <param name="HeadDim">Width of an attention head; a quarter of it rotates.</param>
/// <param name="KeyHeads">Key heads of the delta rule.</param>
/// <param name="ValueHeads">Value heads of the delta rule, a multiple of the key heads.</param>
/// <param name="LinearDim">Width of a head of the delta rule.</param>
/// <param name="Vocabulary">Rows of the embedding, which is the output matrix too.</param>
public sealed record RandomShape(
    string Name, int Hidden, int Intermediate, int Layers, int Heads, int KvHeads, int HeadDim, int KeyHeads, int ValueHeads, int LinearDim, int Vocabulary)
{
    /// <summary>Blocks from one full attention to the next.</summary>
    public const int AttentionInterval = 4;

    /// <summary>Taps of the convolution.</summary>
    public const int ConvKernel = 4;

    /// <summary>Base of the rotary frequencies.</summary>
    public const float RopeTheta = 1e7f;

    /// <summary>Epsilon of the norms.</summary>
    public const float NormEpsilon = 1e-6f;

    /// <summary>Most positions.</summary>
    public const int MaxPositions = 262144;

    /// <summary>The published sizes, and "tiny" (256 wide, a vocabulary of 512) for trying the way of the files in a second.</summary>
    public static IReadOnlyList<RandomShape> All { get; } =
    [
        new("0.8B", 1024, 3584, 24, 8, 2, 256, 16, 16, 128, 248320),
        new("2B", 2048, 6144, 24, 8, 2, 256, 16, 16, 128, 248320),
        new("4B", 2560, 9216, 32, 16, 4, 256, 16, 32, 128, 248320),
        new("tiny", 256, 512, 8, 4, 2, 64, 2, 4, 64, 512),
    ];

    /// <summary>Dimensions of a head that rotate.</summary>
    public int RotaryDim => HeadDim / 4;

    /// <summary>Channels of the convolution: q, k and v of all heads of the delta rule.</summary>
    public int ConvDim => (2 * KeyHeads * LinearDim) + ValueDim;

    /// <summary>Width of all value heads together.</summary>
    public int ValueDim => ValueHeads * LinearDim;

    /// <summary>The shape with a name.</summary>
    /// <exception cref="CapvecException">There is none.</exception>
    public static RandomShape Named(string name) => All.FirstOrDefault(shape => shape.Name == name)
        ?? throw new CapvecException($"shape \"{name}\" is not known; expected {string.Join(", ", All.Select(s => s.Name))}.", exitCode: CapvecException.WrongUsage);

    /// <summary>Whether a 0-based block has full attention.</summary>
    public bool IsAttention(int layer) => (layer + 1) % AttentionInterval == 0;
}
