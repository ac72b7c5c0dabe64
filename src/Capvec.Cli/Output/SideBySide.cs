using Spectre.Console;

namespace Capvec.Cli.Output;

/// <summary>Two texts beside each other on a terminal, one after the other where output is piped.</summary>
internal static class SideBySide
{
    /// <summary>Prints two texts under their names.</summary>
    public static void Print(CommandOutput output, (string Name, string Text) left, (string Name, string Text) right)
    {
        if (output.Json)
            return;
        if (Console.IsOutputRedirected)
        {
            foreach (var (name, text) in new[] { left, right })
            {
                output.Line($"--- {name}");
                output.Line(text);
            }

            return;
        }

        var table = new Table { Border = TableBorder.Simple, Expand = true, BorderStyle = new Style(Color.Grey) };
        table.AddColumn(new TableColumn(new Spectre.Console.Text(left.Name)) { Width = null });
        table.AddColumn(new TableColumn(new Spectre.Console.Text(right.Name, new Style(Color.Teal))));
        table.AddRow(new Spectre.Console.Text(left.Text), new Spectre.Console.Text(right.Text));
        AnsiConsole.Write(table);
    }
}
