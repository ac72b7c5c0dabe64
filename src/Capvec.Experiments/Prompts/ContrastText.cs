namespace Capvec.Experiments.Prompts;

/// <summary>A text on one side of a contrast.</summary>
/// <param name="Id">Where it is from: the file and the row.</param>
/// <param name="Group">What goes together, so that validation leaves it out together: a pair, or whatever the file's <c>group</c> says.</param>
/// <param name="IsPositive">Whether it is on the side that the direction shall point to.</param>
/// <param name="Prompt">What comes before it and is not read; null for nothing.</param>
/// <param name="Text">What is read.</param>
public sealed record ContrastText(string Id, string Group, bool IsPositive, string? Prompt, string Text);
