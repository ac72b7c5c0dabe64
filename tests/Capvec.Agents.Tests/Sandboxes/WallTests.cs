using System.IO.Pipes;
using System.Net;
using System.Net.Sockets;
using Capvec.Agents.Sandboxes;
using Capvec.Agents.Tests.Tasks;
using Capvec.Tests;
using static Capvec.Agents.Tests.Sandboxes.Boxes;

namespace Capvec.Agents.Tests.Sandboxes;

/// <summary>What a command must not be able to do, each tried for real.</summary>
public class WallTests
{
    [Fact]
    public async Task Files_of_the_host_cannot_be_written()
    {
        await using var box = await OpenAsync();
        var name = $"capvec-wall-{Guid.NewGuid():N}";
        string[] folders = ["/tmp", "/var/tmp", "/root", "/home", "/opt", "/srv", "/mnt", "/etc", "/run", "/", Path.GetTempPath(), Repository.Root, Environment.GetFolderPath(Environment.SpecialFolder.UserProfile)];

        foreach (var folder in folders)
        {
            await box.SayAsync($"mkdir -p '{folder}'; echo x > '{folder}/{name}'");
            File.Exists(Path.Combine(folder, name)).ShouldBeFalse(folder);
        }

        foreach (var folder in new[] { "/usr", "/usr/bin", "/bin", "/sbin", "/lib", "/usr/local/bin", "/etc/alternatives", "/proc", "/proc/sys/kernel" })
        {
            (await box.RunAsync($"echo x > {folder}/{name}", Long, Token)).ExitCode.ShouldNotBe(0, folder);
            File.Exists(Path.Combine(folder, name)).ShouldBeFalse(folder);
        }
    }

    [Fact]
    public async Task Files_of_the_host_cannot_be_read()
    {
        await using var box = await OpenAsync();
        var secret = $"secret-{Guid.NewGuid():N}";
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        var files = new[] { Path.GetTempPath(), home, "/dev/shm", "/var/tmp" }.Where(Directory.Exists).Select(f => Path.Combine(f, secret)).ToList();
        try
        {
            foreach (var file in files)
            {
                await File.WriteAllTextAsync(file, secret, Token);
                var result = await box.RunAsync($"cat '{file}' /proc/1/root'{file}' /proc/1/cwd/../'{file}' /proc/self/root'{file}'", Long, Token);
                (result.Output, result.ExitCode).ShouldBe(("", 1), file);
            }

            (await box.RunAsync("cat /etc/shadow /etc/gshadow /etc/sudoers", Long, Token)).Output.ShouldBe("");
            (await box.SayAsync("ls -A /home /mnt /srv /opt /root /var/log /run /tmp | grep -v : | grep .")).ShouldBe("");
            (await box.SayAsync($"ls -d '{Repository.Root}'")).ShouldContain("No such file");
            (await box.SayAsync("cat /proc/mounts")).ShouldNotContain(" /home");
        }
        finally
        {
            files.ForEach(File.Delete);
        }
    }

    [Fact]
    public async Task Processes_of_the_host_are_neither_seen_nor_reached()
    {
        await using var box = await OpenAsync();
        using var other = Host.Start("sleep", "1000");

        var seen = (await box.SayAsync("cd /proc; echo [0-9]*")).Split(' ').Select(int.Parse).ToList();
        await box.SayAsync($"kill -9 {other.Id} {Environment.ProcessId} {box.HostProcess}");
        foreach (var signal in new[] { "KILL", "HUP", "TERM", "INT", "QUIT", "STOP" })
            await box.RunAsync($"kill -{signal} 0", TimeSpan.FromSeconds(1), Token);
        await box.RunAsync("kill -9 -1", Long, Token);

        seen.Count.ShouldBeLessThan(5);
        seen.Max().ShouldBeLessThan(100);
        other.HasExited.ShouldBeFalse();
        (await box.SayAsync("echo fine")).ShouldBe("fine\n");
        other.Kill();
    }

    [Fact]
    public async Task Boxes_do_not_reach_each_other()
    {
        await using var box = await OpenAsync();
        await using var other = await OpenAsync();
        await other.SayAsync("sleep 7777 >/dev/null 2>&1 & echo theirs > /tmp/file; echo theirs > /dev/shm/file");

        (await box.SayAsync("pkill -9 sleep; ls /tmp /dev/shm; kill -9 -1; ipcs -m | grep 0x")).ShouldNotContain("file");

        (await other.SayAsync("pgrep -a sleep | wc -l; cat /tmp/file /dev/shm/file")).ShouldBe("1\ntheirs\ntheirs\n");
    }

    [Fact]
    public async Task The_first_process_of_the_box_is_out_of_reach()
    {
        await using var box = await OpenAsync();

        var said = await box.SayAsync("for s in KILL TERM INT HUP QUIT STOP TSTP USR1 USR2 CHLD PIPE ALRM SEGV; do kill -$s 1; done; "
            + "cat /proc/1/environ /proc/1/mem /proc/1/maps; ls /proc/1/cwd/ /proc/1/root/; readlink /proc/1/fd/0 /proc/1/ns/mnt; echo x > /proc/1/fd/1; nsenter -t 1 -m true; echo end");

        said.ShouldNotContain("BOX_");
        said.ShouldNotContain("pipe:");
        said.ShouldNotContain("mnt:[");
        (await box.SayAsync("echo fine")).ShouldBe("fine\n");
    }

    [Fact]
    public async Task There_is_no_way_to_more_rights()
    {
        await using var box = await OpenAsync();

        (await box.SayAsync("grep -E 'Cap(Prm|Eff|Bnd|Amb|Inh)|NoNewPrivs' /proc/self/status")).ShouldBe(
            "CapInh:\t0000000000000000\nCapPrm:\t00000000000005fb\nCapEff:\t00000000000005fb\nCapBnd:\t00000000000005fb\nCapAmb:\t0000000000000000\nNoNewPrivs:\t1\n");
        string[] attempts =
        [
            "mount -t tmpfs x /usr/bin", "mount --bind /tmp /usr", "mount -o remount,rw /usr", "umount /usr", "umount -l /proc", "mount -t proc p /app",
            "unshare --user true", "unshare --user --map-root-user --mount true", "unshare --mount true", "unshare --pid --fork true", "unshare --net true",
            "nsenter -t 1 -a true", "chroot / true", "mknod /app/disk b 8 0", "mknod /app/null c 1 3", "hostname other", "date -s 2000-01-01", "swapoff -a", "ip link set lo up",
            "echo 1 > /proc/sys/user/max_user_namespaces", "echo c > /proc/sysrq-trigger", "echo x > /proc/sys/kernel/core_pattern", "renice -n -5 $$", "setpriv --reuid 1000 true",
            "prlimit --pid $$ --nproc=100000:100000", "echo -500 > /proc/self/oom_score_adj",
        ];
        foreach (var attempt in attempts)
            (await box.RunAsync(attempt, Long, Token)).ExitCode.ShouldNotBe(0, attempt);
    }

    [Fact]
    public async Task What_every_program_relies_on_cannot_be_replaced()
    {
        await using var box = await OpenAsync();
        var mounts = await box.SayAsync("cat /proc/mounts");

        foreach (var path in new[] { "/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc", "/proc", "/dev", "/dev/null", "/tests", "/logs", "/logs/verifier", "/etc/ld.so.cache", "/etc/ld.so.preload" }.Where(p => Path.Exists(p) || p.StartsWith("/logs") || p is "/tests" or "/etc/ld.so.preload"))
        {
            (await box.RunAsync($"mv {path} /gone", Long, Token)).ExitCode.ShouldNotBe(0, path);
            (await box.RunAsync($"rm -d {path} || unlink {path}", Long, Token)).ExitCode.ShouldNotBe(0, path);
        }

        (await box.RunAsync("echo /app/own.so > /etc/ld.so.preload || cp /bin/true /etc/ld.so.cache", Long, Token)).ExitCode.ShouldNotBe(0);
        (await box.SayAsync("cat /proc/mounts")).ShouldBe(mounts);
    }

    [Fact]
    public async Task There_is_no_network_and_no_loopback()
    {
        await using var box = await OpenAsync();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var abstractName = $"capvec-{Guid.NewGuid():N}";
        using var unix = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        unix.Bind(new UnixDomainSocketEndPoint($"\0{abstractName}"));
        unix.Listen();

        foreach (var target in new[] { $"127.0.0.1/{port}", $"localhost/{port}", "1.1.1.1/80", "10.0.0.1/22", "169.254.169.254/80", $"::1/{port}" })
            (await box.RunAsync($"exec 3<>/dev/tcp/{target}", Long, Token)).ExitCode.ShouldNotBe(0, target);
        var perl = await box.SayAsync($"perl -MSocket -e 'socket(S, AF_UNIX, SOCK_STREAM, 0); print connect(S, pack_sockaddr_un(\"\\0{abstractName}\")) ? \"in\" : \"refused\"'");

        perl.ShouldBe("refused");
        listener.Pending().ShouldBeFalse();
        unix.Poll(0, SelectMode.SelectRead).ShouldBeFalse();
        (await box.SayAsync("tail -n +3 /proc/net/dev | cut -d: -f1; tail -n +2 /proc/net/tcp")).Trim().ShouldBe("lo");
    }

    [Fact]
    public async Task A_fork_bomb_ends_with_its_command()
    {
        await using var box = await OpenAsync();

        var result = await box.RunAsync("bomb() { bomb | bomb & }; bomb; sleep 1000", TimeSpan.FromSeconds(2), Token);

        result.TimedOut.ShouldBeTrue();
        await box.ShouldBeQuietAsync();
        (await box.VerifyAsync(Token)).Reward.ShouldBe(1);
    }

    [Fact]
    public async Task What_ran_before_a_fork_bomb_goes_on_after_it()
    {
        await using var box = await OpenAsync();
        await box.SayAsync("mkfifo /tmp/wait; (exec 9<>/tmp/wait; while :; do echo $((++n)) >/tmp/count; read -t 0.05 -u 9; done) >/dev/null 2>&1 &");

        (await box.RunAsync("bomb() { bomb | bomb & }; bomb; sleep 1000", TimeSpan.FromSeconds(2), Token)).TimedOut.ShouldBeTrue();

        (await box.SayAsync("read before </tmp/count; until read now </tmp/count && ((now > before)); do sleep 0.05; done; echo counts on")).ShouldBe("counts on\n");
    }

    // The limit is small so that a machine that forks slowly meets it in the time given.
    [Fact]
    public async Task Processes_are_counted_in_each_box_alone()
    {
        using var folder = new TaskFolder();
        _ = Factory;
        var factory = NamespaceSandboxFactory.Create(new NamespaceSandboxOptions { MostProcesses = 64 });
        await using var box = await OpenAsync(folder, factory);
        await using var other = await OpenAsync(folder, factory);

        (await box.RunAsync("for i in {1..400}; do sleep 1000 & done", TimeSpan.FromSeconds(8), Token)).TimedOut.ShouldBeTrue();
        var full = await box.RunAsync("for i in {1..400}; do sleep 1000 >/dev/null 2>&1 & done", TimeSpan.FromSeconds(3), Token);

        full.Error.ShouldContain("Resource temporarily unavailable");
        (await other.SayAsync("echo $(echo $(echo fine))")).ShouldBe("fine\n");
    }

    [Fact]
    public async Task A_full_disk_is_the_boxs_own()
    {
        using var folder = new TaskFolder("[environment]\nstorage = \"8M\"\n");
        await using var box = await OpenAsync(folder);

        (await box.SayAsync("head -c 6M /dev/zero > a; head -c 6M /dev/zero > b; head -c 1M /dev/zero > /tmp/c; echo $?; head -c 100M /dev/zero > /dev/shm/d; echo $?; head -c 1M /dev/zero > /tests/e")).ShouldContain("No space left on device");
        (await box.SayAsync("cd /tmp; for i in $(seq 100000); do : > f$i || break; done 2>/dev/null; ls | wc -l")).Trim().Length.ShouldBeLessThan(5, "the number of files has a limit too");
        (await box.RunAsync("head -c 20M /dev/zero | tee x > /dev/null; truncate -s 1G y", Long, Token)).ExitCode.ShouldNotBe(0);
        (await box.VerifyAsync(Token)).Reward.ShouldBe(1, "the verifier's own folders have room");
    }

    [Fact]
    public async Task Memory_of_a_process_has_a_limit()
    {
        using var folder = new TaskFolder("[environment]\nmemory = \"100M\"\n");
        await using var box = await OpenAsync(folder);

        (await box.SayAsync("head -c 400M /dev/zero | tail | wc -c")).ShouldContain("memory exhausted");
        (await box.SayAsync("ulimit -v; ulimit -u; ulimit -n; ulimit -c")).ShouldBe("102400\n256\n1024\n0\n");
        (await box.SayAsync("echo fine")).ShouldBe("fine\n");
    }

    [Fact]
    public async Task Memory_of_a_whole_box_has_a_limit_where_control_groups_can_be_made()
    {
        using var folder = new TaskFolder("[environment]\nmemory = \"100M\"\nstorage = \"8M\"\n");
        await using var box = await OpenAsync(folder);
        Assert.SkipUnless(box.BuildLog.Contains("(control group"), "this user cannot make control groups here");

        var result = await box.RunAsync("for i in 1 2 3 4; do head -c 60M /dev/zero | tail & done; wait", TimeSpan.FromSeconds(20), Token);

        box.BuildLog.ShouldContain("the whole box: 108 MiB of memory and 272 processes (control group, version");
        result.Error.ShouldContain("Killed");
        (await box.SayAsync("echo fine")).ShouldBe("fine\n");
        var group = Path.GetFileName(File.ReadLines($"/proc/{box.HostProcess}/cgroup").First(l => l.Contains("capvec-box-")));
        await box.DisposeAsync();
        Directory.GetDirectories("/sys/fs/cgroup", group, SearchOption.AllDirectories).ShouldBeEmpty();
    }

    [Fact]
    public async Task Nothing_that_this_program_has_open_gets_into_a_box()
    {
        // An inheritable pipe: the kind of descriptor that a terminal, an editor or another library leaves behind.
        using var leak = new AnonymousPipeServerStream(PipeDirection.In, HandleInheritability.Inheritable);
        var inode = new FileInfo($"/proc/self/fd/{leak.GetClientHandleAsString()}").LinkTarget;
        inode.ShouldNotBeNull().ShouldStartWith("pipe:");
        await using var box = await OpenAsync();

        var open = Directory.GetFiles($"/proc/{box.HostProcess}/fd").Select(f => new FileInfo(f).LinkTarget).ToList();

        open.ShouldNotContain(inode);
        open.ShouldAllBe(target => target!.StartsWith("pipe:") || target == "/logs/verifier-mounts");
        (await box.SayAsync("ls /proc/self/fd | wc -l")).ShouldBe("4\n", "0, 1, 2 and the folder that is being listed");
    }

    [Fact]
    public async Task A_box_is_its_own_session_so_no_terminal_is_within_reach()
    {
        await using var box = await OpenAsync();

        SessionOf(box.HostProcess).ShouldNotBe(SessionOf(Environment.ProcessId));
        (await box.RunAsync("echo > /dev/tty", Long, Token)).ExitCode.ShouldNotBe(0);
        (await box.SayAsync("ls /dev/pts")).ShouldBe("ptmx\n");

        static string SessionOf(int process) => File.ReadAllText($"/proc/{process}/stat").Split(") ")[1].Split(' ')[3];
    }

    [Fact]
    public async Task Nothing_in_a_box_is_root_on_the_host()
    {
        await using var box = await OpenAsync();

        var user = File.ReadLines($"/proc/{box.HostProcess}/status").First(l => l.StartsWith("Uid:")).Split('\t')[1];

        user.ShouldNotBe("0");
        (await box.SayAsync("id -u; hostname; cat /etc/hostname; whoami; tr -s ' ' < /proc/self/uid_map")).ShouldBe($"0\nbox\nbox\nroot\n 0 {user} 1\n");
        await using var other = await OpenAsync();
        if (Host.IsRoot)
            File.ReadLines($"/proc/{other.HostProcess}/status").First(l => l.StartsWith("Uid:")).Split('\t')[1].ShouldNotBe(user);
    }
}
