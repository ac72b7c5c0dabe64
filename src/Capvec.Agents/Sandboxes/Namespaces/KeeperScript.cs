using System.Text;

namespace Capvec.Agents.Sandboxes.Namespaces;

/// <summary>The script of a box's first process (keeper.sh), without its comments.</summary>
internal static class KeeperScript
{
    /// <summary>What bash runs; short, because it shows in the box's process list.</summary>
    public const string Start = "eval \"$BOX_KEEPER\"";

    /// <summary>The script.</summary>
    public static string Text { get; } = Read();

    private static string Read()
    {
        using var stream = typeof(KeeperScript).Assembly.GetManifestResourceStream("Sandboxes/keeper.sh")!;
        using var reader = new StreamReader(stream);
        var script = new StringBuilder();
        while (reader.ReadLine() is { } line)
        {
            var text = line.AsSpan().Trim();
            if (text.Length > 0 && text[0] != '#')
                script.Append(text).Append('\n');
        }

        return script.ToString();
    }
}
