using Capvec.Agents.Protocols;
using Capvec.Agents.Sandboxes;

namespace Capvec.Agents.Tests.Protocols;

public sealed class PlainTerminalTests
{
    private const string Prompt = "root@box:/app# ";

    private readonly TerminalProtocol _protocol = TerminalProtocol.Load(TerminalProtocol.JsonTerminal);

    [Fact]
    public async Task It_shows_each_command_after_the_prompt_then_what_it_printed_and_ends_in_a_prompt()
    {
        var view = await Type(["echo a\n", "printf b", "true\n\n", "x\ny\n"], c => c switch
        {
            "echo a" => new("a\n", "", 0, false),
            "printf b" => new("b", "", 0, false),
            "true" => new("", "", 0, false),
            _ => new("out\n", "bash: line 1: x: command not found\nbash: line 2: y\n", 127, false),
        });
        view.ShouldBe(new($"{Prompt}echo a\na\n{Prompt}printf b\nb\n{Prompt}true\n{Prompt}x\ny\nout\nbash: x: command not found\nbash: line 2: y\n{Prompt}", 0));
    }

    [Fact]
    public async Task Output_comes_before_errors_and_every_kind_of_line_end_is_a_newline() =>
        (await Type(["c"], _ => new("a\r\nb\rc", "e\r", 0, false))).Text.ShouldBe($"{Prompt}c\na\nb\nce\n{Prompt}");

    [Fact]
    public async Task Without_commands_it_shows_a_prompt() => (await Type([], _ => throw new InvalidOperationException())).ShouldBe(new(Prompt, 0));

    [Fact]
    public async Task A_command_that_takes_too_long_leaves_only_a_prompt_and_ends_the_reply()
    {
        var ran = new List<string>();
        var view = await Type(["first\n", "slow\n", "never\n"], c =>
        {
            ran.Add(c);
            return new("text\n", "", c == "slow" ? 137 : 0, c == "slow");
        });
        view.ShouldBe(new(Prompt, 1));
        ran.ShouldBe(["first", "slow"]);
    }

    [Theory]
    [InlineData(0xd800)]
    [InlineData(0xdc80)]
    public async Task Half_a_character_cannot_be_given_to_a_shell(int half) =>
        (await Type(["echo " + (char)half, "never"], _ => throw new InvalidOperationException())).ShouldBe(new(Prompt, 0));

    [Fact]
    public async Task Text_that_holds_the_replacement_character_or_whole_pairs_runs() =>
        (await Type(["echo \ufffd 🎉"], _ => new("", "", 0, false))).Text.ShouldBe($"{Prompt}echo \ufffd 🎉\n{Prompt}");

    [Fact]
    public async Task A_command_longer_than_an_argument_can_be_is_not_run()
    {
        (await Type([new('x', 131_072)], _ => throw new InvalidOperationException())).ShouldBe(new(Prompt, 0));
        (await Type([new('x', 131_071)], _ => new("", "", 0, false))).Text.Length.ShouldBeGreaterThan(131_000);
    }

    private Task<TerminalView> Type(IEnumerable<string> keys, Func<string, CommandResult> shell) =>
        new PlainTerminal(new ScriptedSandbox(shell), _protocol).TypeAsync(keys, TestContext.Current.CancellationToken);
}
