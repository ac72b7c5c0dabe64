using System.Globalization;
using Capvec.Agents.Tests.Tasks;
using static Capvec.Agents.Tests.Sandboxes.Boxes;

namespace Capvec.Agents.Tests.Sandboxes;

/// <summary>Two checkouts of one task, made at different times by users with different umasks, look the same from inside.</summary>
public class CheckoutTests
{
    /// <summary>Everything that a listing can show of files, except when their inodes were made and last read.</summary>
    private const string Find = @"-printf '%p %y %m %M %n %i %s %b %u:%g %T+ %l\n'";

    [Theory]
    [InlineData("cd /; ls -lR --time-style=+%s /app /opt/data /root /tmp /var")]
    [InlineData("ls -la /app /opt /opt/data /home /logs")]
    [InlineData($"find /app /opt /root /tmp /var /etc/passwd /etc/task.conf /logs {Find}")]
    [InlineData("tar -cf - -C /app . | sha256sum")]
    [InlineData("ls -t /app; ls -U /app; ls -i /app; du -a /app; find /app -newer /app/run.sh; find /app -mtime -1")]
    public async Task Listings_of_the_tasks_files_are_the_same(string command)
    {
        using var one = await CheckoutAsync();
        using var other = await CheckoutAsync();
        await ChangeAsync(one, "u=rwX,go=rX", "2026-11-02T10:11:12");
        await ChangeAsync(other, "ug=rwX,o=", "2019-05-06T07:08:09.5");
        await Host.SayAsync("touch", Path.Combine(other.Path, "environment/files/deep/data"));
        await using var first = await OpenAsync(one);
        await using var second = await OpenAsync(other);

        var seen = await first.SayAsync(command);

        seen.ShouldNotBeEmpty();
        seen.ShouldNotContain("No such file");
        (await second.SayAsync(command)).ShouldBe(seen);
    }

    [Fact]
    public async Task Everything_that_the_task_brought_has_the_same_time_and_what_is_written_has_the_clocks()
    {
        using var folder = await CheckoutAsync();
        await using var box = await OpenAsync(folder);
        (await box.SayAsync("find / /app /opt /root /tmp /var /srv /home /etc/task.conf /etc /dev /tests /logs -xdev -maxdepth 0 -printf '%T@ %p\\n'; find /app /opt -printf '%T@ %p\\n'")).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .ShouldAllBe(line => line.StartsWith("1735689600.0000000000 /", StringComparison.Ordinal));

        var before = DateTimeOffset.UtcNow.AddSeconds(-1).ToUnixTimeSeconds();
        var written = await box.SayAsync("echo x > new; echo y >> run.sh; stat -c %Y new run.sh .");
        written.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(t => long.Parse(t, CultureInfo.InvariantCulture)).ShouldAllBe(t => t >= before);
        (await box.SayAsync("stat -c %Y deep")).ShouldBe("1735689600\n");
    }

    [Fact]
    public async Task What_RUN_writes_has_the_clocks_time_and_what_it_leaves_alone_has_not()
    {
        using var folder = await CheckoutAsync("RUN echo built > deep/built && chmod 700 run.sh\n");
        await using var box = await OpenAsync(folder);

        (await box.SayAsync("find . -newermt 2025-01-02 | sort; stat -c '%Y %a' run.sh")).ShouldBe("./deep\n./deep/built\n1735689600 700\n");
    }

    [Fact]
    public async Task The_verifier_can_tell_what_the_agent_wrote_by_its_time()
    {
        using var folder = new TaskFolder(
            dockerfile: "FROM debian\nCOPY files /app\n",
            test: "find /app -type f -newer /tests/test.sh; [[ new -nt old && ! old -nt /tests/test.sh ]] && echo 1 > /logs/verifier/reward.txt\n").With("environment/files/old", "x");
        await using var box = await OpenAsync(folder);
        await box.SayAsync("echo x > new");

        var result = await box.VerifyAsync(Token);

        result.Output.ShouldBe("/app/new\n");
        result.Reward.ShouldBe(1);
    }

    private static async Task<TaskFolder> CheckoutAsync(string more = "")
    {
        var folder = new TaskFolder(dockerfile: $"FROM debian\nWORKDIR /app\nCOPY files/ /app/\nCOPY files/deep /opt/data\nCOPY files/notes.txt /etc/task.conf\n{more}")
            .With("environment/files/notes.txt", "one\ntwo\n").With("environment/files/run.sh", "#!/bin/sh\necho run\n").With("environment/files/deep/data", new string('x', 5000)).With("environment/files/deep/er/end", "");
        File.CreateSymbolicLink(Path.Combine(folder.Path, "environment/files/link"), "deep/data");
        (await Host.SayAsync("chmod", "+x", Path.Combine(folder.Path, "environment/files/run.sh"))).ShouldBe("");
        return folder;
    }

    /// <summary>Gives every file and folder of a task modes and times, as another checkout would.</summary>
    private static async Task ChangeAsync(TaskFolder folder, string mode, string time)
    {
        (await Host.SayAsync("chmod", "-R", mode, folder.Path)).ShouldBe("");
        (await Host.SayAsync("find", folder.Path, "-exec", "touch", "-h", "-d", time, "{}", "+")).ShouldBe("");
    }
}
