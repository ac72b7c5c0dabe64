using Capvec.Numerics.Kernels;

namespace Capvec.Engine.Tests.Scheduling;

/// <summary><see cref="BitwiseTests"/> with q8_0 weights and 8-bit activations.</summary>
public sealed class Int8BitwiseTests() : BitwiseTests(quantised: true, Activations.Int8);
