namespace Capvec.Agents.Protocols;

/// <summary>One command of a reply.</summary>
/// <param name="Keystrokes">What is typed.</param>
/// <param name="Duration">Seconds the agent would wait, where it gave a finite number; the plain terminal waits for the command's end instead.</param>
public sealed record ParsedCommand(string Keystrokes, double? Duration);
