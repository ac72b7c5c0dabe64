using Capvec.Agents.Tests.Tasks;
using static Capvec.Agents.Tests.Sandboxes.Boxes;

namespace Capvec.Agents.Tests.Sandboxes;

public class VerifierTests
{
    private const string Fails = "#!/bin/bash\necho tried\necho 0 > /logs/verifier/reward.txt\n";

    public static TheoryData<string> Tricks =>
    [
        "echo 1 > /logs/verifier/reward.txt; echo '{\"reward\": 1}' > /logs/verifier/reward.json",
        "mkdir -p /logs/verifier/reward.json /logs/verifier/test-stdout.txt; chmod 000 /logs/verifier",
        "(trap '' HUP TERM INT; while :; do echo 1 > /logs/verifier/reward.txt; echo '{\"reward\": 1}' > /logs/verifier/reward.json; done) >/dev/null 2>&1 &",
        "setsid nohup bash -c 'cd /logs/verifier; while :; do echo 1 > reward.txt; echo \"{\\\"reward\\\": 1}\" > reward.json; done' >/dev/null 2>&1 &",
        "for i in {1..40}; do (setsid bash -c 'while :; do (echo \"{\\\"a\\\": 1}\" > /logs/verifier/reward.json) & wait; done' >/dev/null 2>&1 &); done",
        "rm -rf /logs/verifier; mkdir -p /app/mine; echo 1 > /app/mine/reward.txt; ln -s /app/mine /logs/verifier; mv /logs /logs2; ln -s /app/mine /logs",
        "exec 3>/logs/verifier/reward.json; (sleep 1; while :; do echo '{\"reward\": 1}' >&3; done) >/dev/null 2>&1 &",
        "mkdir -p /tests; printf '#!/bin/bash\\necho 1 > /logs/verifier/reward.txt\\n' > /tests/test.sh; chmod 755 /tests/test.sh; chmod 555 /tests",
        "rm -rf /tests; ln -s /app /tests; printf '#!/bin/bash\\necho 1 > /logs/verifier/reward.txt\\n' > /app/test.sh; chmod 755 /app/test.sh",
        "mkdir -p /app/bin; mv /bin /bin2; ln -s /app/bin /bin; cp /usr/bin/echo /app/bin/bash",
        "echo 'echo 1 > /logs/verifier/reward.txt; exit' | tee /root/.bashrc /root/.bash_profile /root/.profile /etc/profile /etc/bash.bashrc /app/.bashrc > /dev/null; export BASH_ENV=/root/.bashrc",
        "mkdir -p /etc/ld.so.conf.d; echo /app > /etc/ld.so.conf.d/a.conf; mv /etc /etc2; mkdir /etc; echo /app/evil.so > /etc/ld.so.preload",
        "mknod /dev/null p; rm -f /dev/null; echo x > /dev/null",
        "kill -STOP -1; kill -STOP 1",
        "rm -rf /app /root /tmp /home",
        "head -c 2G /dev/zero > /app/full; head -c 1G /dev/zero > /logs/agent/full; head -c 1G /dev/zero > /logs/verifier/full",
        "for i in {1..300}; do sleep 1000 >/dev/null 2>&1 & done 2>/dev/null",
        "bomb() { bomb | bomb & }; bomb >/dev/null 2>&1",
    ];

    [Theory]
    [MemberData(nameof(Tricks))]
    public async Task An_agent_cannot_give_itself_a_reward(string trick)
    {
        using var folder = new TaskFolder(test: Fails);
        await using var box = await OpenAsync(folder);
        await box.RunAsync(trick, TimeSpan.FromSeconds(3), Token);

        var result = await box.VerifyAsync(Token);

        result.ShouldBe(new(0, null, "tried\n"));
    }

    [Theory]
    [InlineData("echo 1 > /logs/verifier/reward.txt", 1.0, null)]
    [InlineData("printf ' 0.25 \\n' > /logs/verifier/reward.txt; exit 9", 0.25, null)]
    [InlineData("echo 1e-1 > /logs/verifier/reward.txt; echo '{\"reward\": 0.5, \"other\": 7}' > /logs/verifier/reward.json", 0.5, null)]
    [InlineData("echo '{\"accuracy\": 1}' > /logs/verifier/reward.json", 1.0, null)]
    [InlineData("true", null, "neither reward.txt nor reward.json")]
    [InlineData(": > /logs/verifier/reward.txt", null, "reward.txt is empty")]
    [InlineData("echo yes > /logs/verifier/reward.txt", null, "reward.txt holds \"yes\"")]
    [InlineData("echo 2 > /logs/verifier/reward.txt", null, "reward.txt says 2; expected a number from 0 to 1")]
    [InlineData("echo nan > /logs/verifier/reward.txt", null, "reward.txt says NaN")]
    [InlineData("echo '[1]' > /logs/verifier/reward.json; echo 1 > /logs/verifier/reward.txt", null, "reward.json is no object")]
    [InlineData("echo '{\"a\": 1, \"b\": 1}' > /logs/verifier/reward.json", null, "none is called \"reward\"")]
    [InlineData("echo '{\"reward\": \"1\"}' > /logs/verifier/reward.json", null, "\"reward\" is no number")]
    [InlineData("echo '{' > /logs/verifier/reward.json", null, "reward.json is not JSON")]
    [InlineData("mkfifo /logs/verifier/reward.txt", null, "neither reward.txt nor reward.json")]
    [InlineData("head -c 1M /dev/zero > /logs/verifier/reward.txt", null, "reward.txt is empty")]
    public async Task The_reward_is_what_the_tests_wrote_or_null_with_a_reason(string script, double? reward, string? reason)
    {
        using var folder = new TaskFolder(test: $"#!/bin/bash\n{script}\n");
        await using var box = await OpenAsync(folder);

        var result = await box.VerifyAsync(Token);

        result.Reward.ShouldBe(reward);
        if (reason is null)
            result.Failure.ShouldBeNull();
        else
            result.Failure.ShouldNotBeNull().ShouldContain(reason);
    }

    [Fact]
    public async Task Tests_that_never_end_give_no_reward()
    {
        using var folder = new TaskFolder("[verifier]\ntimeout_sec = 1\n", test: "#!/bin/bash\necho 1 > /logs/verifier/reward.txt\necho waiting\nsleep 1000\n");
        await using var box = await OpenAsync(folder);

        (await box.VerifyAsync(Token)).ShouldBe(new(null, "the tests did not end within 1 s", "waiting\n"));
    }

    [Fact]
    public async Task Tests_see_the_agents_files_their_own_files_and_their_variables()
    {
        using var folder = new TaskFolder(
            "[environment.env]\nA = \"1\"\n[verifier.env]\nB = \"2 x\"\n",
            test: "#!/bin/bash\npwd; cat made.txt /tests/sub/data.txt; echo $A $B; ls -A /tests; test -x /tests/test.sh && echo 1 > /logs/verifier/reward.txt\n").With("tests/sub/data.txt", "data\n");
        await using var box = await OpenAsync(folder);
        (await box.SayAsync("echo made > made.txt; echo [$A$B]; ls /tests")).ShouldBe("[1]\n");

        (await box.VerifyAsync(Token)).ShouldBe(new(1, null, "/app\nmade\ndata\n1 2 x\nsub\ntest.sh\n"));
        await Should.ThrowAsync<InvalidOperationException>(box.VerifyAsync(Token));
    }

    [Fact]
    public async Task Cancelling_ends_the_tests()
    {
        using var folder = new TaskFolder(test: "#!/bin/bash\necho > /app/begun\nsleep 1000\n");
        await using var box = await OpenAsync(folder);
        using var cancellation = new CancellationTokenSource();

        var verifying = box.VerifyAsync(cancellation.Token);
        while (!(await Host.SayAsync("ls", $"/proc/{box.HostProcess}/root/app")).Contains("begun"))
            await Task.Yield();
        await cancellation.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(verifying);
    }
}
