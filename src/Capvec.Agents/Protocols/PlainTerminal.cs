using System.Text;
using Capvec.Agents.Sandboxes;

namespace Capvec.Agents.Protocols;

/// <summary>
/// A terminal without a screen: each keystroke string is one command of a shell of its own (so no directory or variable carries over), and
/// the terminal shows the prompt, the command and what it printed, standard output before standard error.
/// </summary>
public sealed class PlainTerminal
{
    /// <summary>Longest command in bytes of UTF-8 that Linux takes as one argument.</summary>
    internal const int LongestCommand = 131_071;

    private readonly ISandbox _sandbox;
    private readonly TerminalProtocol _protocol;

    /// <summary>A terminal into a sandbox.</summary>
    public PlainTerminal(ISandbox sandbox, TerminalProtocol protocol) => (_sandbox, _protocol) = (sandbox, protocol);

    /// <summary>
    /// Types commands, one after the other. Where one takes too long, or cannot be given to a shell at all (half a surrogate pair, too
    /// long), the terminal shows only a fresh prompt and the commands after it are not run.
    /// </summary>
    public async Task<TerminalView> TypeAsync(IEnumerable<string> keystrokes, CancellationToken cancellation = default)
    {
        var shown = new StringBuilder();
        foreach (var keys in keystrokes)
        {
            var command = keys.TrimEnd('\n');
            if (!CanRun(command))
                return new(_protocol.ShellPrompt, 0);
            var result = await _sandbox.RunAsync(command, _protocol.CommandTimeout, cancellation).ConfigureAwait(false);
            if (result.TimedOut)
                return new(_protocol.ShellPrompt, 1);
            var output = (PlainNewlines(result.Output) + PlainNewlines(result.Error)).Replace("bash: line 1:", "bash:", StringComparison.Ordinal);
            shown.Append(_protocol.ShellPrompt).Append(command).Append('\n').Append(output);
            if (output.Length > 0 && !output.EndsWith('\n'))
                shown.Append('\n');
        }

        return new(shown.Append(_protocol.ShellPrompt).ToString(), 0);
    }

    private static bool CanRun(string command) => !HasLoneSurrogate(command) && Encoding.UTF8.GetByteCount(command) <= LongestCommand;

    private static bool HasLoneSurrogate(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsSurrogatePair(text, i))
                i++;
            else if (char.IsSurrogate(text[i]))
                return true;
        }

        return false;
    }

    /// <summary>Every kind of line end as "\n", as Python reads a program's text.</summary>
    private static string PlainNewlines(string text) => text.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
}
