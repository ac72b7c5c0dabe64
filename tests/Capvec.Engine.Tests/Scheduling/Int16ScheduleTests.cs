using Capvec.Numerics.Kernels;

namespace Capvec.Engine.Tests.Scheduling;

/// <summary><see cref="ScheduleTests"/> with q8_0 weights and 15-bit activations.</summary>
public sealed class Int16ScheduleTests() : ScheduleTests(quantised: true, Activations.Int16);
