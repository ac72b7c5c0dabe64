namespace Capvec.Experiments.Results;

/// <summary>A layer and strength that was both screened and tried.</summary>
/// <param name="Arm">The arm's name.</param>
/// <param name="Rank">Its place in the screen, 1 for the best of all points screened.</param>
/// <param name="Effect">Predicted effect, as a share of 1.</param>
/// <param name="Kl">KL to the plain model, in nats a token.</param>
/// <param name="Passed">Trials passed.</param>
/// <param name="Trials">Trials with a reward.</param>
public sealed record ScreenedArm(string Arm, int Rank, double Effect, double Kl, int Passed, int Trials);
