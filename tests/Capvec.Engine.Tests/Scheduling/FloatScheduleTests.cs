using Capvec.Numerics.Kernels;

namespace Capvec.Engine.Tests.Scheduling;

/// <summary><see cref="ScheduleTests"/> with float32 weights.</summary>
public sealed class FloatScheduleTests() : ScheduleTests(quantised: false, Activations.Float32);
