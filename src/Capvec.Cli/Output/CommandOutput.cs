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
