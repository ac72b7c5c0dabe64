using Capvec.Numerics.Kernels;

namespace Capvec.Engine.Lora;

/// <summary>The B factor of one module, with the adapter's scale multiplied in.</summary>
/// <param name="B">[outputs of the module, rank].</param>
/// <param name="RankOffset">First column of its part of <c>A x</c>.</param>
/// <param name="OutputOffset">First output row within the stacked projection.</param>
internal sealed record LoraPart(PackedMatrix B, int RankOffset, int OutputOffset);
