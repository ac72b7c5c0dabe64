namespace Capvec.Experiments.Screening;

/// <summary>A layer and a strength to be tried.</summary>
/// <param name="Layer">0-based block.</param>
/// <param name="Strength">In the screen's unit.</param>
/// <param name="Alpha">In residual units of the unit direction.</param>
internal sealed record SteeredPoint(int Layer, double Strength, double Alpha);
