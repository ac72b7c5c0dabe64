using Capvec.Numerics.Kernels;

namespace Capvec.Engine.Tests.Scheduling;

/// <summary><see cref="BitwiseTests"/> with float32 weights.</summary>
public sealed class FloatBitwiseTests() : BitwiseTests(quantised: false, Activations.Float32);
