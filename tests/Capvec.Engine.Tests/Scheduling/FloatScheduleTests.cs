using Capvec.Numerics.Kernels;

namespace Capvec.Engine.Tests.Scheduling;

/// <summary><see cref="ScheduleTests"/> with weights that are not quantised.</summary>
public sealed class FloatScheduleTests() : ScheduleTests(quantised: false, Activations.Float32);
