using System.Globalization;
using System.Text;

namespace Capvec.Agents.Sandboxes.Namespaces;

/// <summary>A command as the keeper takes it.</summary>
/// <param name="Line">What the shell runs; NUL characters are left out.</param>
/// <param name="Shell">The shell's words.</param>
/// <param name="Folder">Where it runs; the root folder where that is gone.</param>
/// <param name="Variables">NAME=value, besides the variables that every command has.</param>
internal sealed record BoxCommand(string Line, string Shell, string Folder, IReadOnlyList<string> Variables)
{
    /// <summary>The shell of agents and verifiers.</summary>
    public const string Bash = "bash --norc -c";

    /// <summary>The shell of RUN.</summary>
    public const string Sh = "sh -c";

    /// <summary>The request.</summary>
    public byte[] ToRequest()
    {
        var request = new StringBuilder("run\n");
        foreach (var field in (string[])[Folder, Shell, Variables.Count.ToString(CultureInfo.InvariantCulture), .. Variables, Line])
            request.Append(field.Replace("\0", "", StringComparison.Ordinal)).Append('\0');
        return Encoding.UTF8.GetBytes(request.ToString());
    }
}
