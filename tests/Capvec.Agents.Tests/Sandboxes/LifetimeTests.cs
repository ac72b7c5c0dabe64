using System.Diagnostics;
using System.Globalization;
using Capvec.Agents.Sandboxes;
using Capvec.Agents.Tests.Tasks;
using static Capvec.Agents.Tests.Sandboxes.Boxes;

namespace Capvec.Agents.Tests.Sandboxes;

[Collection("alone")]
public class LifetimeTests
{
    private const string Announce = "CAPVEC_TEST_BOX_FILE";
    private const string Seconds = "CAPVEC_TEST_BOX_SECONDS";

    /// <summary>Seconds to sleep that no other run of these tests uses, to tell its processes apart.</summary>
    private static readonly string Sleep = Environment.GetEnvironmentVariable(Seconds) ?? (1_000_000 + Environment.ProcessId).ToString(CultureInfo.InvariantCulture);

    /// <summary>The classes that are run again as an ordinary user.</summary>
    private static readonly string[] Classes = [nameof(CommandTests), nameof(WallTests), nameof(VerifierTests), nameof(RepositoryTaskTests), nameof(BuildTests), nameof(LifetimeTests)];

    [Fact]
    public async Task Nothing_is_left_of_a_box()
    {
        using var folder = new TaskFolder();
        var (temporary, normal) = (Directory.CreateTempSubdirectory("capvec-temporary-"), Environment.GetEnvironmentVariable("TMPDIR"));
        Environment.SetEnvironmentVariable("TMPDIR", temporary.FullName);
        using var restore = new Restore(() =>
        {
            Environment.SetEnvironmentVariable("TMPDIR", normal);
            temporary.Delete(recursive: true);
        });
        await (await OpenAsync(folder)).DisposeAsync();

        // Pipes that other tests dropped must not be closed in between.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var (mounts, pipes) = Inventory();
        var processes = new List<int>();

        for (var i = 0; i < 5; i++)
        {
            await using var box = await OpenAsync(folder);
            processes.Add(box.HostProcess);
            await box.SayAsync($"sleep {Sleep} >/dev/null 2>&1 & setsid sleep {Sleep} >/dev/null 2>&1 &");
            await box.RunAsync($"sleep {Sleep}", TimeSpan.FromMilliseconds(50), Token);
            if (i % 2 == 0)
                await box.VerifyAsync(Token);
        }

        processes.ShouldAllBe(p => !Host.Lives(p));
        var left = Inventory();
        left.Mounts.ShouldBe(mounts);
        temporary.EnumerateFileSystemInfos().ShouldBeEmpty();
        left.Pipes.ShouldBe(pipes);
        await Host.UntilAsync(() => !Commands().Any(c => c.Contains($"sleep\0{Sleep}")), "no process is left");
    }

    [Fact]
    public async Task A_box_dies_with_the_program_that_made_it_even_by_kill_9()
    {
        _ = Factory;
        var file = Path.Combine(Path.GetTempPath(), $"capvec-box-{Guid.NewGuid():N}");
        var start = new ProcessStartInfo(Environment.ProcessPath!, ["-explicit", "only", "-method", $"{typeof(LifetimeTests).FullName}.{nameof(Open_a_box_and_wait_to_be_killed)}"]) { RedirectStandardOutput = true };
        start.Environment[Announce] = file;
        start.Environment[Seconds] = Sleep;
        using var program = Process.Start(start)!;
        try
        {
            await Host.UntilAsync(() => program.HasExited || (File.Exists(file) && File.ReadAllText(file).EndsWith('\n')), "the program makes a box");
            var first = int.Parse(await File.ReadAllTextAsync(file, Token), CultureInfo.InvariantCulture);
            Host.Lives(first).ShouldBeTrue();

            program.Kill();

            await Host.UntilAsync(() => !Host.Lives(first) && !Commands().Any(c => c.Contains($"sleep\0{Sleep}")), "the box is gone");
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact(Explicit = true)]
    public async Task Open_a_box_and_wait_to_be_killed()
    {
        await using var box = await OpenAsync();
        await box.SayAsync($"setsid sleep {Sleep} >/dev/null 2>&1 &");
        await File.WriteAllTextAsync(Environment.GetEnvironmentVariable(Announce)!, $"{box.HostProcess}\n", Token);
        await box.RunAsync($"sleep {Sleep}", TimeSpan.FromSeconds(600), Token);
    }

    [Fact]
    public async Task A_box_whose_first_process_is_killed_says_so()
    {
        await using var box = await OpenAsync();

        await Host.SayAsync("kill", "-9", $"{box.HostProcess}");
        await Host.UntilAsync(() => !Host.Lives(box.HostProcess), "it dies");

        (await Should.ThrowAsync<Formats.Errors.CapvecException>(box.RunAsync("echo", Long, Token))).Message.ShouldContain("a sandbox has ended by itself");
    }

    [Fact]
    public async Task Cancelling_while_a_box_is_made_leaves_nothing()
    {
        using var folder = new TaskFolder(dockerfile: $"FROM debian\nRUN sleep {Sleep}\n");
        using var cancellation = new CancellationTokenSource();

        var making = Factory.CreateAsync(folder.Load(), cancellation.Token);
        await Host.UntilAsync(() => Commands().Any(c => c.Contains($"sleep\0{Sleep}")), "RUN begins");
        await cancellation.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(making);
        await Host.UntilAsync(() => !Commands().Any(c => c.Contains($"sleep\0{Sleep}")), "RUN ends");
        await Should.ThrowAsync<OperationCanceledException>(Factory.CreateAsync(folder.Load(), new(true)));
    }

    [Fact]
    public async Task The_same_holds_for_an_ordinary_user()
    {
        Assert.SkipUnless(Host.IsRoot, "this run is by an ordinary user already");
        var home = Directory.CreateTempSubdirectory("capvec-home-").FullName;
        try
        {
            var user = "1879999999";
            await Host.SayAsync("chown", "-R", user, home);
            string[] become = ["--reuid", user, "--regid", user, "--clear-groups"];
            using (var probe = Host.Start("setpriv", [.. become, Environment.ProcessPath!, "-list", "classes"]))
            {
                await probe.StandardOutput.ReadToEndAsync(Token);
                await probe.WaitForExitAsync(Token);
                Assert.SkipWhen(probe.ExitCode != 0, "another user may not run this program: its folder or .NET's is private");
            }

            var start = new ProcessStartInfo("setpriv", [.. become, Environment.ProcessPath!, .. Classes.SelectMany(c => new[] { "-class", $"*.Sandboxes.{c}" })]) { RedirectStandardOutput = true };
            start.Environment["HOME"] = start.Environment["TMPDIR"] = home;
            using var tests = Process.Start(start)!;
            var said = await tests.StandardOutput.ReadToEndAsync(Token);
            await tests.WaitForExitAsync(Token);

            tests.ExitCode.ShouldBe(0, said);
            said.ShouldMatch("Failed: 0, Skipped: [23],", customMessage: "two tests need root, and an ordinary user may have no control groups");
        }
        finally
        {
            Directory.Delete(home, recursive: true);
        }
    }

    [Fact]
    public void Settings_that_forbid_sandboxes_are_named()
    {
        Assert.SkipUnless(Host.IsRoot, "needs root to forbid user namespaces to itself");
        _ = Factory;

        // In a user namespace of its own, this test may set the limit to 0 for what is below.
        using var process = Host.Start("unshare", "--user", "--map-root-user", "bash", "-c", "echo 0 > /proc/sys/user/max_user_namespaces && exec \"$0\" -explicit only -method \"$1\"",
            Environment.ProcessPath!, $"{typeof(LifetimeTests).FullName}.{nameof(Say_why_there_are_no_sandboxes)}");
        var said = process.StandardOutput.ReadToEnd();
        process.WaitForExit();

        said.ShouldContain("the namespace sandbox cannot be used here");
        said.ShouldContain("as root run 'sysctl user.max_user_namespaces=10000'");
    }

    [Fact(Explicit = true)]
    public void Say_why_there_are_no_sandboxes() => NamespaceSandboxFactory.Create();

    private static (int Mounts, int Pipes) Inventory() => (
        File.ReadLines("/proc/self/mountinfo").Count(),
        Directory.GetFiles("/proc/self/fd").Count(f => new FileInfo(f).LinkTarget?.StartsWith("pipe:") == true));

    private static IEnumerable<string> Commands()
    {
        foreach (var folder in Directory.GetDirectories("/proc").Where(d => char.IsAsciiDigit(Path.GetFileName(d)[0])))
        {
            string command;
            try
            {
                command = File.ReadAllText($"{folder}/cmdline");
            }
            catch (IOException)
            {
                continue;
            }

            yield return command;
        }
    }
}
