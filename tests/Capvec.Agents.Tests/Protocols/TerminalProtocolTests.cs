using Capvec.Agents.Protocols;
using Capvec.Formats.Errors;

namespace Capvec.Agents.Tests.Protocols;

public sealed class TerminalProtocolTests
{
    private readonly TerminalProtocol _protocol = TerminalProtocol.Load(TerminalProtocol.JsonTerminal);

    [Fact]
    public void Messages_are_those_the_phantom_was_trained_on()
    {
        _protocol.FirstMessage("Count.", _protocol.ShellPrompt).ShouldBe(
            """
            You control a Linux terminal. Solve the task below by replying, every turn, with exactly one JSON object:
            {"analysis": "...", "plan": "...", "commands": [{"keystrokes": "ls -la\n", "duration": 0.1}], "task_complete": false}
            Keystrokes are typed as they are; end a command with \n to run it. An empty list of commands waits. Set "task_complete" to true only when the task is done and checked.

            Task:
            Count.

            Terminal:
            root@box:/app# 
            """.TrimEnd('\n'));
        _protocol.Observation("x").ShouldBe("Terminal:\nx");
        _protocol.ParseError("'keystrokes'").ShouldBe("Your reply could not be used: 'keystrokes'. Nothing was executed. Reply with exactly one JSON object.");
        _protocol.Confirmation("x").ShouldBe(
            "Terminal:\nx\nYou marked the task complete. If it is done and checked, reply with \"task_complete\": true again; otherwise go on.");
        (_protocol.MaxTurns, _protocol.CommandTimeout).ShouldBe((6, TimeSpan.FromSeconds(5)));
    }

    [Fact]
    public void Every_first_message_of_the_recorded_episodes_is_made_again_from_its_instruction()
    {
        foreach (var episode in Episode.Goldens())
            _protocol.FirstMessage(episode.Instruction, _protocol.ShellPrompt).ShouldBe(episode.Messages[0].Content);
    }

    [Fact]
    public void An_instruction_goes_in_as_it_stands_and_placeholders_are_replaced_one_after_the_other()
    {
        _protocol.FirstMessage("  a\r\n\n", "T").ShouldContain("Task:\n  a\r\n\n\n\nTerminal:\nT");
        _protocol.FirstMessage("see TERMINAL and INSTRUCTION", "T").ShouldContain("Task:\nsee T and INSTRUCTION\n");
        _protocol.FirstMessage("a", "TERMINAL").ShouldEndWith("Terminal:\nTERMINAL");
    }

    [Theory]
    [InlineData("I'm sorry, but I cannot run commands on your system.", true)]
    [InlineData("I am an AI assistant and I cannot access files or a terminal.", true)]
    [InlineData("\n I can’t do that.", true)]
    [InlineData("{\"analysis\": \"I'm sorry\"}", false)]
    [InlineData("Let me think. I cannot see it yet.", false)]
    [InlineData("", false)]
    public void A_refusal_is_known_by_its_opening(string reply, bool refuses) => _protocol.IsRefusal(reply).ShouldBe(refuses);

    [Fact]
    public void An_unknown_protocol_is_refused_with_the_names_there_are() =>
        Should.Throw<CapvecException>(() => TerminalProtocol.Load("xml")).Message.ShouldBe("no terminal protocol is called 'xml'; choose one of: json-terminal.");
}
