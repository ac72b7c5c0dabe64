namespace Capvec.Engine.Layers;

/// <summary>One matrix of a stacked <see cref="Projection"/>.</summary>
/// <param name="Module">Its name without prefix and ".weight", for example "layers.3.self_attn.q_proj".</param>
/// <param name="Offset">Its first output row.</param>
/// <param name="Rows">Its output rows.</param>
internal sealed record ProjectionPart(string Module, int Offset, int Rows);
