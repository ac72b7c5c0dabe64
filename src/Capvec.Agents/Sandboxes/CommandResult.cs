namespace Capvec.Agents.Sandboxes;

/// <summary>What one command printed.</summary>
/// <param name="Output">Standard output.</param>
/// <param name="Error">Standard error.</param>
/// <param name="ExitCode">Exit status; 128 + n after signal n.</param>
/// <param name="TimedOut">Whether the time limit ended it.</param>
public sealed record CommandResult(string Output, string Error, int ExitCode, bool TimedOut);
