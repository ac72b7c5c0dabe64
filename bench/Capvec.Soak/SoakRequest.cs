using Capvec.Engine.Requests;

namespace Capvec.Soak;

/// <summary>A random piece of work: a reply or a forward pass, and when it is given up.</summary>
/// <param name="Generation">The reply wanted, or null.</param>
/// <param name="Forward">The pass wanted, or null.</param>
/// <param name="CancelAfter">After how many new tokens (or, for a pass, at once) it is cancelled; null where it runs to its end.</param>
internal sealed record SoakRequest(GenerationRequest? Generation, ForwardRequest? Forward, int? CancelAfter);
