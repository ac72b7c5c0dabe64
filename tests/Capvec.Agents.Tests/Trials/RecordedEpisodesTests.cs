using Capvec.Agents.Protocols;
using Capvec.Agents.Trials;
using Capvec.Tests;

namespace Capvec.Agents.Tests.Trials;

/// <summary>
/// Episodes that the reference recipe recorded are played again: the model's replies and what each command printed are given, and the
/// conversation that comes out has to be the recorded one, to the letter.
/// </summary>
public sealed class RecordedEpisodesTests
{
    private const string Prompt = "root@box:/app# ";

    private static readonly TerminalProtocol Protocol = TerminalProtocol.Load(TerminalProtocol.JsonTerminal);

    [Fact]
    public async Task The_golden_episodes_come_out_as_recorded() => (await Replay(Episode.Goldens())).ShouldBe(12);

    [Fact]
    public async Task All_episodes_of_the_phantom_s_ground_truth_come_out_as_recorded()
    {
        var files = Directory.GetFiles(Repository.Shared("phantom", "truth", "traces"), "*.jsonl");
        (await Replay(files.SelectMany(Episode.Read))).ShouldBeGreaterThan(1000);
    }

    private static async Task<int> Replay(IEnumerable<Episode> episodes)
    {
        var count = 0;
        foreach (var episode in episodes)
        {
            var said = episode.Messages.Where(m => m.Role == "assistant").Select(m => m.Content).ToList();
            // A recording that ends before the limit ended because it was done; a reply more would show in the messages.
            var replies = new ScriptedReplies([.. said.Concat(Enumerable.Repeat("one too many", Protocol.MaxTurns)).Select(t => new Reply { Text = t })]);
            var printed = Printed(episode);
            var sandbox = new ScriptedSandbox(command => printed.TryDequeue(out var next) && next.Command == command
                ? new(next.Output, "", 0, false)
                : new("", "", 0, TimedOut: next == default));
            var result = await new AgentRunner(replies, sandbox, Protocol).RunAsync(Requests.Of(episode.Instruction), TestContext.Current.CancellationToken);
            result.Trace.Messages().ShouldBe(episode.Messages, episode.Name);
            result.Marks.ParseFail.ShouldBe(episode.Messages.Count(m => m.Content.StartsWith("Your reply could not be used: ", StringComparison.Ordinal))
                + (Protocol.Parse(said[^1]).Error is null ? 0 : 1), episode.Name);
            count++;
        }

        return count;
    }

    /// <summary>The commands that ran and what each printed, read off the recorded terminal texts. Empty for a turn whose terminal shows a prompt alone (a time-out).</summary>
    private static Queue<(string Command, string Output)> Printed(Episode episode)
    {
        var all = new Queue<(string, string)>();
        for (var i = 1; i < episode.Messages.Count; i += 2)
        {
            var commands = Protocol.Parse(episode.Messages[i].Content).Commands;
            if (commands.IsEmpty)
                continue;
            var shown = i + 1 < episode.Messages.Count ? episode.Messages[i + 1].Content["Terminal:\n".Length..] : "";
            foreach (var (n, command) in commands.Index())
            {
                var typed = $"{Prompt}{command.Keystrokes.TrimEnd('\n')}\n";
                if (!shown.StartsWith(typed, StringComparison.Ordinal))
                    break;
                shown = shown[typed.Length..];
                var next = n + 1 < commands.Length ? $"{Prompt}{commands[n + 1].Keystrokes.TrimEnd('\n')}\n" : Prompt;
                var end = next == Prompt ? shown.LastIndexOf(next, StringComparison.Ordinal) : shown.IndexOf(next, StringComparison.Ordinal);
                all.Enqueue((command.Keystrokes.TrimEnd('\n'), shown[..end]));
                shown = shown[end..];
            }
        }

        return all;
    }
}
