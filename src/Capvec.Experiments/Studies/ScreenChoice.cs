namespace Capvec.Experiments.Studies;

/// <summary>The screen of a study: which points are read again before any trial is run for them. Strengths are in the study's unit.</summary>
/// <param name="Layers">0-based blocks; null for all.</param>
/// <param name="Strengths">Strengths tried at each of them.</param>
/// <param name="Traces">Most traces read, half of them solved and half failed where there are enough.</param>
/// <param name="KlBound">Most mean KL of a proposed point, in nats a token.</param>
/// <param name="TargetKl">Mean KL to which each layer is calibrated too; null for none.</param>
public sealed record ScreenChoice(IReadOnlyList<int>? Layers, IReadOnlyList<double> Strengths, int Traces, double KlBound, double? TargetKl);
