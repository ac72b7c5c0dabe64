using System.Collections.Immutable;

namespace Capvec.Steering.Validation;

/// <summary>What a permutation test found, layer by layer.</summary>
/// <param name="HeldOutAuc">[layers] the observed held-out AUC.</param>
/// <param name="P">[layers] share of relabellings whose AUC at that layer is at least as high.</param>
/// <param name="PMax">[layers] share of relabellings whose highest AUC over all layers is at least as high as this layer's: corrected for the choice of a layer.</param>
/// <param name="Shuffles">How many relabellings were tried.</param>
/// <param name="IsExact">Whether these were all; then the shares are exact, else they are (hits + 1) / (shuffles + 1).</param>
public sealed record PermutationResult(ImmutableArray<double> HeldOutAuc, ImmutableArray<double> P, ImmutableArray<double> PMax, int Shuffles, bool IsExact);
