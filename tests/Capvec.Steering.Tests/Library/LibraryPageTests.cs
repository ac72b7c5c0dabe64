using Capvec.Samples;
using Capvec.Tests;

namespace Capvec.Steering.Tests.Library;

/// <summary>docs/library.md is the program samples/LibraryTour.cs, and says what it prints.</summary>
public sealed class LibraryPageTests
{
    private static readonly string Page = File.ReadAllText(Repository.File("docs", "library.md"));

    [Fact]
    public void The_code_blocks_of_the_page_are_the_program_from_its_first_line_to_its_last()
    {
        const string head = "TextWriter output)\n    {\n";
        var source = File.ReadAllText(Repository.File("samples", "LibraryTour.cs"));
        var body = source[(source.IndexOf(head, StringComparison.Ordinal) + head.Length)..source.LastIndexOf("\n    }\n}", StringComparison.Ordinal)];
        var lines = body.Split('\n').Select(line => line.StartsWith("        ", StringComparison.Ordinal) ? line[8..] : line);
        string.Join("\n\n", Blocks("csharp")).ShouldBe(string.Join('\n', lines));
    }

    [Fact]
    public async Task The_program_prints_what_the_page_says()
    {
        using var folder = new Data.TemporaryFolder();
        using var output = new StringWriter { NewLine = "\n" };
        await LibraryTour.RunAsync(Repository.File("models", "phantom", "checkpoint"), folder.Path, output);
        output.ToString().TrimEnd('\n').ShouldBe(Blocks("text").ShouldHaveSingleItem());
    }

    private static List<string> Blocks(string language) =>
        [.. Page.Split($"\n```{language}\n").Skip(1).Select(rest => rest[..rest.IndexOf("\n```", StringComparison.Ordinal)])];
}
