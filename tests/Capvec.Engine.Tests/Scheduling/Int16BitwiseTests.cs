using Capvec.Numerics.Kernels;

namespace Capvec.Engine.Tests.Scheduling;

/// <summary><see cref="BitwiseTests"/> with q8_0 weights and 15-bit activations.</summary>
public sealed class Int16BitwiseTests() : BitwiseTests(quantised: true, Activations.Int16);
