namespace Capvec.Experiments.Screening;

/// <summary>The strengths of a layer at which an effect is seen while KL stays within the bound.</summary>
/// <param name="Layer">0-based block.</param>
/// <param name="Lowest">Smallest such strength, in the screen's unit.</param>
/// <param name="Highest">Largest such strength.</param>
public sealed record ScreenWindow(int Layer, double Lowest, double Highest);
