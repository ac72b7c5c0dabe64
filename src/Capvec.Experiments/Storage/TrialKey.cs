namespace Capvec.Experiments.Storage;

/// <summary>What tells a trial from every other of a study.</summary>
/// <param name="Stage">"collect", "selection" or "test".</param>
/// <param name="Arm">Name of the arm.</param>
/// <param name="Task">Name of the task.</param>
/// <param name="Attempt">0-based attempt.</param>
public readonly record struct TrialKey(string Stage, string Arm, string Task, int Attempt);
