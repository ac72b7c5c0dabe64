namespace Capvec.Agents.Sandboxes;

/// <summary>
/// What one command printed. Both texts are UTF-8 with U+FFFD for what is not, and every line end ("\r\n", "\r") is "\n", as Python's
/// <c>subprocess.run(text=True, errors="replace")</c> gives them.
/// </summary>
/// <param name="Output">Standard output.</param>
/// <param name="Error">Standard error.</param>
/// <param name="ExitCode">Exit status; 128 + n after signal n, so 137 after a time-out.</param>
/// <param name="TimedOut">Whether the time limit ended it; the texts are what came until then.</param>
public sealed record CommandResult(string Output, string Error, int ExitCode, bool TimedOut)
{
    /// <summary>Whether more was printed than is kept; the texts are the beginnings.</summary>
    public bool Truncated { get; init; }
}
