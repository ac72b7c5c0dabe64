namespace Capvec.Engine.Baking;

/// <summary>What <see cref="WeightBaker"/> wrote.</summary>
/// <param name="Folder">The new checkpoint.</param>
/// <param name="Edited">Names of the tensors changed.</param>
/// <param name="Untied">Whether a tied output matrix became one of its own.</param>
public sealed record BakedModel(string Folder, IReadOnlyList<string> Edited, bool Untied);
