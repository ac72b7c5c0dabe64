namespace Capvec.Steering.Validation;

/// <summary>A point of a learning curve.</summary>
/// <param name="Traces">Traces that made the direction.</param>
/// <param name="Auc">Mean AUC on all the others.</param>
public sealed record LearningPoint(int Traces, double Auc);
