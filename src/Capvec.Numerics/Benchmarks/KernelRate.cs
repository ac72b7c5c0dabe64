using Capvec.Numerics.Kernels;

namespace Capvec.Numerics.Benchmarks;

/// <summary>How fast one matrix product ran.</summary>
/// <param name="Rows">Outputs of the matrix.</param>
/// <param name="Columns">Its inputs.</param>
/// <param name="Format">How its weights are kept.</param>
/// <param name="Tokens">Activation rows that went through it at once.</param>
/// <param name="Seconds">Median time of one product, packing of the activations included.</param>
/// <param name="WeightBytes">Bytes of one matrix.</param>
public sealed record KernelRate(int Rows, int Columns, WeightFormat Format, int Tokens, double Seconds, long WeightBytes)
{
    /// <summary>Bytes of weights read a second.</summary>
    public double BytesPerSecond => WeightBytes / Seconds;

    /// <summary>Multiply-adds a second.</summary>
    public double MacsPerSecond => (double)Rows * Columns * Tokens / Seconds;

    /// <summary>
    /// The share of the nearer roof: the larger of bytes over the memory's rate and multiply-adds over the float32 rate. Integer
    /// kernels can pass 1, since their roof lies above that of float32.
    /// </summary>
    public double ShareOf(MachineRoof roof) => Math.Max(BytesPerSecond / roof.ReadBytesPerSecond, MacsPerSecond / roof.FloatMacsPerSecond);
}
