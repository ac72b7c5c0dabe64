using Capvec.Numerics.Kernels;

namespace Capvec.Engine.Tests.Scheduling;

/// <summary><see cref="BitwiseTests"/> with weights that are not quantised.</summary>
public sealed class FloatBitwiseTests() : BitwiseTests(quantised: false, Activations.Float32);
