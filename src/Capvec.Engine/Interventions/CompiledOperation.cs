namespace Capvec.Engine.Interventions;

/// <summary>An intervention as the inner loop wants it.</summary>
/// <param name="Operation">What is done.</param>
/// <param name="Direction">[hidden]; of unit length for ablate.</param>
/// <param name="Strength">Alpha.</param>
/// <param name="Where">The positions acted on.</param>
internal sealed record CompiledOperation(SteeringOperation Operation, float[] Direction, float Strength, SteeringMask Where);
