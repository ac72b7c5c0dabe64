namespace Capvec.Cli.Tests;

public sealed class HelpTests
{
    private static readonly string[] Names = ["demo", "run", "collect", "capture", "compute", "estimators", "compare", "screen", "steer", "bake", "sweep", "serve", "report", "inspect", "forward", "tokenize", "render", "convert", "vectors show", "vectors convert", "bench kernels", "bench engine", "bench text", "bench make-model"];

    public static TheoryData<string> Commands { get; } = [.. Names];

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task Help_of_every_command_ends_with_an_example_of_it(string command)
    {
        var run = await CapvecProcess.RunAsync([.. command.Split(' '), "--help"]);
        run.ExitCode.ShouldBe(0);
        var lines = run.Output.TrimEnd().Split('\n');
        lines[^2].ShouldBe("Example:");
        lines[^1].ShouldStartWith($"  capvec {command}");
        run.Output.ShouldContain("--json");
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task The_example_of_every_command_uses_options_that_it_has(string command)
    {
        var help = (await CapvecProcess.RunAsync([.. command.Split(' '), "--help"])).Output;
        var example = help.TrimEnd().Split('\n')[^1];
        var declared = help[..help.IndexOf("Example:", StringComparison.Ordinal)];
        foreach (var option in example.Split(' ').Where(word => word.StartsWith("--", StringComparison.Ordinal)))
            declared.ShouldContain($"{option} ");
    }

    [Fact]
    public async Task The_root_help_lists_every_command()
    {
        var run = await CapvecProcess.RunAsync("--help");
        run.ExitCode.ShouldBe(0);
        foreach (var command in Names.Select(name => name.Split(' ')[0]))
            run.Output.ShouldContain($"\n  {command} ");
    }
}
