namespace Capvec.Agents.Protocols;

/// <summary>What a terminal shows after some keystrokes.</summary>
/// <param name="Text">Its text, ending in a fresh prompt.</param>
/// <param name="TimedOut">Commands that their time limit ended.</param>
public sealed record TerminalView(string Text, int TimedOut);
