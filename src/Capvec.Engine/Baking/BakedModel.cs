namespace Capvec.Engine.Baking;

/// <summary>What <see cref="WeightBaker"/> wrote.</summary>
/// <param name="Folder">The new checkpoint.</param>
/// <param name="Edited">Names of the tensors changed.</param>
/// <param name="Untied">Whether a tied output matrix became one of its own.</param>
/// <param name="LargestLeft">
/// What rounding to the checkpoint's number formats left: the largest component along a direction that any input of an edited matrix still writes, as a share of what it writes.
/// </param>
public sealed record BakedModel(string Folder, IReadOnlyList<string> Edited, bool Untied, double LargestLeft);
