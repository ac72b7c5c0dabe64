namespace Capvec.Experiments.Screening;

/// <summary>One reply of a trace.</summary>
/// <param name="First">Position of its first token.</param>
/// <param name="End">Position after its last token.</param>
/// <param name="Marks">The failure marks that it met.</param>
public sealed record ScreenReply(int First, int End, IReadOnlyList<string> Marks);
