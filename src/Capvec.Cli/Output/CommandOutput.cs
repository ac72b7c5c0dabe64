using System.Text.Json.Nodes;

namespace Capvec.Cli.Output;

/// <summary>Where a command says things: data goes to standard output, progress and remarks to standard error.</summary>
internal sealed class CommandOutput(bool json)
{
    /// <summary>Whether the reader is a program: then standard output holds one JSON object and nothing else.</summary>
    public bool Json { get; } = json;

    /// <summary>A line of data for people.</summary>
    public void Line(string text = "")
    {
        if (!Json)
            Console.Out.WriteLine(text);
    }

    /// <summary>Aligned columns of data for people.</summary>
    /// <param name="rows">Cells; rows may have fewer than the widest.</param>
    /// <param name="heading">Whether the first row names the columns.</param>
    public void Table(IEnumerable<string[]> rows, bool heading)
    {
        if (Json)
            return;
        var all = rows.ToList();
        var columns = all.Max(row => row.Length);
        var widths = Enumerable.Range(0, columns).Select(i => all.Max(row => i < row.Length ? row[i].Length : 0)).ToArray();
        foreach (var row in all)
        {
            var cells = row.Select((cell, i) => i == row.Length - 1 ? cell : cell.PadRight(widths[i]));
            Line($"  {string.Join("  ", cells).TrimEnd()}");
            if (heading && row == all[0])
                Line($"  {string.Join("  ", widths.Select(width => new string('-', width)))}");
        }
    }

    /// <summary>One row of a table that grows while it is made, so that nothing is lost when its command is stopped.</summary>
    /// <param name="cells">The row, as wide as the heading or narrower.</param>
    /// <param name="heading">Names of the columns, which give their widths.</param>
    public void Row(IReadOnlyList<string> cells, IReadOnlyList<string> heading) => Line($"  {string.Join("  ", cells.Select((cell, i) => cell.PadRight(heading[i].Length))).TrimEnd()}");

    /// <summary>The first two lines of a table that grows: <see cref="Row"/> adds to it.</summary>
    public void Heading(IReadOnlyList<string> heading)
    {
        Row(heading, heading);
        Row([.. heading.Select(name => new string('-', name.Length))], heading);
    }

    /// <summary>A remark that is not data.</summary>
    public static void Remark(string text) => Console.Error.WriteLine(text);

    /// <summary>The end of a command that worked.</summary>
    public void Finish(JsonObject result)
    {
        if (!Json)
            return;
        result.Insert(0, "ok", true);
        Console.Out.WriteLine(JsonLine.Of(result));
    }
}
