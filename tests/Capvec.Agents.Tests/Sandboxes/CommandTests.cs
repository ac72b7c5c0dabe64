using System.Diagnostics;
using System.Text.Json;
using Capvec.Agents.Tests.Tasks;
using Capvec.Tests;
using static Capvec.Agents.Tests.Sandboxes.Boxes;

namespace Capvec.Agents.Tests.Sandboxes;

public class CommandTests
{
    public static TheoryData<string, string> Recorded => new(JsonDocument.Parse(File.ReadAllText(Repository.File("tests", "fixtures", "sandbox", "terminal.json")))
        .RootElement.EnumerateArray().Select(row => (row.GetProperty("command").GetString()!, row.GetProperty("shown").GetString()!)));

    [Theory]
    [MemberData(nameof(Recorded))]
    public async Task The_terminal_shows_what_a_bash_without_a_box_shows(string command, string shown)
    {
        using var folder = new TaskFolder(dockerfile: "FROM debian\nWORKDIR /app\nCOPY files/ /app/\n")
            .With("environment/files/words.txt", "pear\napple\nfig\napple\n").With("environment/files/sub/note.txt", "note\n");
        await using var box = await OpenAsync(folder);

        var result = await box.RunAsync(command, Long, Token);

        // The assembly that the terminal protocol does, spelled out.
        var text = (result.Output + result.Error).Replace("bash: line 1:", "bash:");
        var screen = $"root@box:/app# {command}\n{text}{(text.EndsWith('\n') || text.Length == 0 ? "" : "\n")}root@box:/app# ";
        screen.ShouldBe(shown);
    }

    [Fact]
    public async Task Status_and_both_outputs_come_apart()
    {
        await using var box = await OpenAsync();

        (await box.RunAsync("echo a; echo b >&2; exit 7", Long, Token)).ShouldBe(new("a\n", "b\n", 7, false));
        (await box.RunAsync("kill -KILL $$", Long, Token)).ExitCode.ShouldBe(137);
        (await box.RunAsync("kill -TERM $$", Long, Token)).ExitCode.ShouldBe(143);
        (await box.RunAsync("nosuchcommand", Long, Token)).ExitCode.ShouldBe(127);
    }

    [Fact]
    public async Task Files_and_background_processes_last_and_directories_and_variables_do_not()
    {
        await using var box = await OpenAsync();

        await box.SayAsync("cd /tmp; X=1; echo kept > /app/file; sleep 1000 >/dev/null 2>&1 &");

        (await box.SayAsync("pwd; echo [$X]; cat file; pgrep sleep | wc -l")).ShouldBe("/app\n[]\nkept\n1\n");
    }

    [Fact]
    public async Task A_command_that_never_ends_is_ended_with_all_that_it_started()
    {
        await using var box = await OpenAsync();
        await box.SayAsync("sleep 1001 >/dev/null 2>&1 &");

        var result = await box.RunAsync("echo begun; (setsid sleep 2002 &) ; sleep 2003 | sleep 2004", TimeSpan.FromSeconds(1), Token);

        result.ShouldBe(new("begun\n", "", 137, true));
        (await box.SayAsync("pgrep -a sleep")).ShouldEndWith(" sleep 1001\n", customMessage: "only what an earlier command had started is left");
        (await box.SayAsync("echo fine")).ShouldBe("fine\n");
    }

    [Fact]
    public async Task A_background_process_that_holds_the_output_counts_as_a_time_out()
    {
        await using var box = await OpenAsync();

        var result = await box.RunAsync("sleep 3000 & echo started", TimeSpan.FromSeconds(1), Token);

        (result.TimedOut, result.Output).ShouldBe((true, "started\n"));
        (await box.SayAsync("pgrep sleep")).ShouldBe("");
    }

    [Fact]
    public async Task A_command_that_closes_its_output_and_goes_on_is_waited_for()
    {
        await using var box = await OpenAsync();

        var result = await box.RunAsync("echo a; exec >&- 2>&-; sleep 0.3; exit 5", Long, Token);
        var late = await box.RunAsync("exec >&- 2>&-; sleep 1000", TimeSpan.FromSeconds(1), Token);

        result.ShouldBe(new("a\n", "", 5, false));
        (late.TimedOut, late.ExitCode).ShouldBe((true, 137));
        await box.ShouldBeQuietAsync();
    }

    [Fact]
    public async Task Huge_output_is_read_to_its_end_and_its_beginning_is_kept()
    {
        await using var box = await OpenAsync();

        var result = await box.RunAsync("head -c 50M /dev/zero | tr '\\0' x; echo end >&2", Long, Token);

        (result.Output.Length, result.Output.Trim('x').Length, result.Error, result.ExitCode, result.Truncated).ShouldBe((1 << 20, 0, "end\n", 0, true));
        (await box.RunAsync("echo short", Long, Token)).Truncated.ShouldBeFalse();
    }

    [Fact]
    public async Task Output_without_end_is_ended_by_the_time_limit()
    {
        await using var box = await OpenAsync();

        var result = await box.RunAsync("yes", TimeSpan.FromSeconds(2), Token);

        (result.TimedOut, result.Output.Length).ShouldBe((true, 1 << 20));
        (await box.SayAsync("echo fine")).ShouldBe("fine\n");
    }

    [Fact]
    public async Task Binary_output_is_text_with_replacements()
    {
        await using var box = await OpenAsync();

        var result = await box.RunAsync("printf 'a\\0b\\r\\nc\\rd\\xff\\xf0\\x9f\\x98'; head -c 100000 /dev/urandom >&2", Long, Token);

        result.Output.ShouldBe("a\0b\nc\nd\uFFFD\uFFFD");
        result.Error.ShouldNotContain('\r');
        result.Error.Length.ShouldBeGreaterThan(50_000);
    }

    [Fact]
    public async Task Long_commands_and_those_with_NUL_are_run_as_far_as_they_can_be()
    {
        await using var box = await OpenAsync();
        var text = new string('x', 100_000);

        (await box.SayAsync($"echo {text} | wc -c")).ShouldBe("100001\n");
        (await box.SayAsync("echo a\0b")).ShouldBe("ab\n");
        var result = await box.RunAsync($"echo {text}{text}", Long, Token);
        result.ExitCode.ShouldBe(126);
        result.Error.ShouldContain("Argument list too long");
        (await box.SayAsync("echo 'a\nb'; cat <<X\nc\nX")).ShouldBe("a\nb\nc\n");
    }

    [Fact]
    public async Task Programs_can_open_their_own_output_again()
    {
        await using var box = await OpenAsync();

        (await box.SayAsync("echo a | tee /dev/stderr >/dev/stdout; echo b >/proc/self/fd/2")).ShouldBe("a\na\nb\n");
    }

    [Fact]
    public async Task A_working_directory_that_is_gone_leaves_the_root_folder()
    {
        await using var box = await OpenAsync();

        (await box.SayAsync("rm -rf /app; pwd")).ShouldBe("/app\n");
        (await box.SayAsync("pwd")).ShouldBe("/\n");
    }

    [Fact]
    public async Task Cancelling_a_command_ends_it_and_leaves_the_box()
    {
        await using var box = await OpenAsync();
        using var cancellation = new CancellationTokenSource();

        var running = box.RunAsync("echo > begun; sleep 5000", Long, cancellation.Token);
        while (!(await Host.SayAsync("ls", $"/proc/{box.HostProcess}/root/app")).Contains("begun"))
            await Task.Yield();
        await cancellation.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(running);
        await box.ShouldBeQuietAsync();
        await Should.ThrowAsync<OperationCanceledException>(box.RunAsync("echo", Long, new(true)));
    }

    [Fact]
    public async Task Commands_of_many_boxes_run_side_by_side_without_a_thread_for_each()
    {
        var boxes = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => OpenAsync()));
        var clock = Stopwatch.StartNew();

        var said = await Task.WhenAll(boxes.Select((b, i) => b.SayAsync($"sleep 1; echo {i}")));

        said.ShouldBe(Enumerable.Range(0, 12).Select(i => $"{i}\n"));
        clock.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(9), "twelve seconds of sleep in turn");
        foreach (var box in boxes)
            await box.DisposeAsync();
    }

    [Fact]
    public async Task Commands_sent_to_one_box_at_a_time_wait_for_each_other()
    {
        await using var box = await OpenAsync();

        await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => box.SayAsync("n=$(cat n 2>/dev/null); sleep 0.05; echo $((n + 1)) > n")));

        (await box.SayAsync("cat n")).ShouldBe("5\n");
    }
}
