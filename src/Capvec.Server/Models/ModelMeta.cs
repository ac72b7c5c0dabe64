namespace Capvec.Server.Models;

/// <summary>A model's shape, and the vectors that requests may name.</summary>
/// <param name="Hash">Hash of the weights.</param>
/// <param name="Layers">Blocks; a steered layer is one of 0 to this less 1.</param>
/// <param name="Hidden">Width of the residual stream.</param>
/// <param name="Vocabulary">Number of logits.</param>
/// <param name="ContextLength">Most tokens of prompt and reply together.</param>
/// <param name="Vectors">Ids for the steering field.</param>
public sealed record ModelMeta(string Hash, int Layers, int Hidden, int Vocabulary, int ContextLength, IReadOnlyList<string> Vectors);
