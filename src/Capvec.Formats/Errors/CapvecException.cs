namespace Capvec.Formats.Errors;

/// <summary>
/// A failure that a user can meet and mend. The message is one line: what is wrong, where, what was expected and what to do.
/// Commands print the message alone and end with <see cref="ExitCode"/>; a stack trace is never shown for it.
/// </summary>
public sealed class CapvecException : Exception
{
    /// <summary>Exit code of a failed job.</summary>
    public const int FailedJob = 1;

    /// <summary>Exit code of wrong usage.</summary>
    public const int WrongUsage = 2;

    /// <summary>Makes a failure with a one-line message.</summary>
    /// <param name="message">What, where, expected, what to do. Line breaks become spaces; other control characters, which names out of files may hold to play with a terminal, become U+FFFD; the middle of what is longer than 2000 characters is left out.</param>
    /// <param name="inner">The cause, kept for logs.</param>
    /// <param name="exitCode">1 for a failed job, 2 for wrong usage.</param>
    public CapvecException(string message, Exception? inner = null, int exitCode = FailedJob)
        : base(OneLine(message), inner) => ExitCode = exitCode;

    /// <summary>1 for a failed job, 2 for wrong usage.</summary>
    public int ExitCode { get; }

    private static string OneLine(string message)
    {
        const int Longest = 2000, Begin = 1500, End = 400;
        var line = message.Length <= Longest ? message : $"{message.AsSpan(0, Begin)} ... {message.AsSpan(message.Length - End)}";
        line = line.ReplaceLineEndings(" ");
        return line.Any(char.IsControl) ? string.Concat(line.Select(c => char.IsControl(c) ? '\uFFFD' : c)) : line;
    }
}
