using Capvec.Agents.Tasks;
using Capvec.Formats.Errors;
using Capvec.Tests;

namespace Capvec.Agents.Tests.Tasks;

[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public class TaskReaderTests
{
    [Fact]
    public void All_task_folders_of_the_repository_are_read()
    {
        var tasks = Directory.GetDirectories(Repository.File("tasks")).Where(d => Directory.GetDirectories(d).Length > 0).SelectMany(TaskReader.LoadAll).ToList();

        tasks.Count.ShouldBe(66);
        tasks.ShouldAllBe(t => t.Config.AgentTimeout == TimeSpan.FromSeconds(180) && t.Config.VerifierTimeout == TimeSpan.FromSeconds(60));
        tasks.ShouldAllBe(t => t.Config.MemoryMb == 512 && t.Config.StorageMb == 1024 && t.Config.Cpus == 1);
        tasks.Count(t => t.Config.Metadata["solvable"] is true).ShouldBeGreaterThan(50);
        tasks.Select(t => t.Hash).Distinct().Count().ShouldBe(66);
    }

    [Fact]
    public void A_folder_of_tasks_comes_sorted_and_a_single_task_stands_for_itself()
    {
        var sprint = Repository.File("tasks", "sprint");

        TaskReader.LoadAll(sprint).Select(t => t.Name).ShouldBe(["count-matches", "find-duplicates", "log-summary", "median-value", "replace-text", "sum-column"]);
        TaskReader.LoadAll(Path.Combine(sprint, "log-summary")).Single().Name.ShouldBe("log-summary");
    }

    [Fact]
    public void Everything_in_the_file_is_kept()
    {
        using var folder = new TaskFolder("""
            version = "1.0"
            future = { key = [1, 2.5, "x"] }
            [metadata]
            tags = ["a", "b"]
            nested.deep = true
            [agent]
            timeout_sec = 1
            [environment]
            memory_mb = 100
            storage = "1.5G"
            workdir = "/work"
            env = { NAME = "value" }
            [verifier.env]
            KEY = "1"
            """);

        var config = folder.Load().Config;

        config.All["version"].ShouldBe("1.0");
        var future = ((IReadOnlyDictionary<string, object?>)config.All["future"]!)["key"].ShouldBeAssignableTo<IEnumerable<object>>();
        future.ShouldBe([1L, 2.5, "x"]);
        ((IReadOnlyDictionary<string, object?>)config.Metadata["nested"]!)["deep"].ShouldBe(true);
        config.AgentTimeout.ShouldBe(TimeSpan.FromSeconds(1));
        config.VerifierTimeout.ShouldBe(TimeSpan.FromSeconds(600));
        (config.MemoryMb, config.StorageMb, config.Cpus).ShouldBe((100, 1536, null));
        config.WorkingDirectory.ShouldBe("/work");
        config.EnvironmentVariables["NAME"].ShouldBe("value");
        config.VerifierVariables["KEY"].ShouldBe("1");
    }

    [Theory]
    [InlineData("512M", 512)]
    [InlineData("2G", 2048)]
    [InlineData("2gb", 2048)]
    [InlineData("1T", 1048576)]
    [InlineData("1500K", 2)]
    [InlineData("0.5G", 512)]
    public void Sizes_are_read_in_every_unit(string size, long megabytes)
    {
        using var folder = new TaskFolder($"[environment]\nmemory = \"{size}\"");

        folder.Load().Config.MemoryMb.ShouldBe(megabytes);
    }

    [Theory]
    [InlineData("[agent]\n\ntimeout_sec = \"60\"", "line 3: agent.timeout_sec is a string (60); expected seconds")]
    [InlineData("[agent]\ntimeout_sec = 0", "line 2: agent.timeout_sec is a whole number (0); expected seconds, a number above 0")]
    [InlineData("[agent]\ntimeout_sec = nan", "line 2: agent.timeout_sec")]
    [InlineData("agent = 1", "line 1: agent is a whole number (1); expected a table [agent]")]
    [InlineData("[environment]\ncpus = 1.5", "line 2: environment.cpus is a number with a fraction (1.5); expected a whole number")]
    [InlineData("[environment]\nmemory = \"lots\"", "line 2: environment.memory is a string (lots); expected a size such as \"512M\"")]
    [InlineData("[environment]\nmemory = \"1G\"\nmemory_mb = 5", "line 2: environment.memory is a string (1G); expected only one of")]
    [InlineData("[environment]\nstorage_mb = -1", "line 2: environment.storage_mb")]
    [InlineData("[environment]\nos = \"windows\"", "line 2: environment.os asks for the system 'windows'")]
    [InlineData("[environment]\ngpus = 1", "line 2: environment.gpus asks for GPUs")]
    [InlineData("[environment]\nhealthcheck = { command = \"true\" }", "line 2: environment.healthcheck asks for a health check")]
    [InlineData("[environment]\nworkdir = \"app\"", "line 2: environment.workdir is a string (app); expected an absolute folder")]
    [InlineData("[environment]\nenv = { A = \"${HOME}\" }", "line 2: environment.env.A is a string (${HOME}); expected a fixed text")]
    [InlineData("[[steps]]\nname = \"a\"", "line 1: steps asks for several steps")]
    [InlineData("[agent]\nuser = \"me\"", "line 2: agent.user asks for another user than root")]
    [InlineData("[verifier]\nenvironment_mode = \"separate\"", "line 2: verifier.environment_mode asks for a verifier in a machine of its own")]
    [InlineData("a = 1\nb = ", "line 2: expected a value")]
    public void A_wrong_task_file_is_told_with_its_line(string toml, string message)
    {
        using var folder = new TaskFolder(toml);

        Should.Throw<CapvecException>(folder.Load).Message.ShouldContain(Path.Combine(folder.Path, "task.toml") + ", " + message);
    }

    [Theory]
    [InlineData("task.toml", "has no task.toml")]
    [InlineData("instruction.md", "has no instruction.md (what the agent is told)")]
    [InlineData("environment/Dockerfile", "has no environment/Dockerfile")]
    [InlineData("tests/test.sh", "has no tests/test.sh (the verifier")]
    public void A_missing_part_is_told(string part, string message)
    {
        using var folder = new TaskFolder();
        File.Delete(Path.Combine(folder.Path, part));

        var error = Should.Throw<CapvecException>(folder.Load).Message;

        error.ShouldContain(message);
        error.ShouldContain("Add the file, or leave the task out");
    }

    [Fact]
    public void Tasks_for_other_machines_are_refused()
    {
        using var compose = new TaskFolder().With("environment/docker-compose.yaml", "services: {}");
        using var steps = new TaskFolder().With("steps/one/instruction.md", "x");
        using var windows = new TaskFolder().With("tests/test.bat", "exit");
        File.Delete(Path.Combine(windows.Path, "tests/test.sh"));

        Should.Throw<CapvecException>(compose.Load).Message.ShouldContain("several containers (docker compose)");
        Should.Throw<CapvecException>(steps.Load).Message.ShouldContain("several steps");
        Should.Throw<CapvecException>(windows.Load).Message.ShouldContain("wants a Windows machine");
    }

    [Fact]
    public void Instructions_must_be_text()
    {
        using var empty = new TaskFolder().With("instruction.md", " \n");
        using var binary = new TaskFolder();
        File.WriteAllBytes(Path.Combine(binary.Path, "instruction.md"), [0x41, 0xff, 0x42]);

        Should.Throw<CapvecException>(empty.Load).Message.ShouldContain("instruction.md is empty");
        Should.Throw<CapvecException>(binary.Load).Message.ShouldContain("not UTF-8 text (first wrong byte at offset 1)");
    }

    [Fact]
    public void A_place_without_tasks_says_where_there_are_some()
    {
        var error = Should.Throw<CapvecException>(() => TaskReader.LoadAll(Repository.File("tasks"))).Message;

        error.ShouldContain("holds no task");
        error.ShouldContain(Path.Combine("tasks", "sprint"));
        Should.Throw<CapvecException>(() => TaskReader.LoadAll("/no/such/folder")).Message.ShouldContain("is not a folder");
    }

    [Fact]
    public void The_hash_follows_content_names_and_the_right_to_run_but_not_dates()
    {
        using var folder = new TaskFolder();
        var script = Path.Combine(folder.Path, "tests/test.sh");
        var before = folder.Load().Hash;

        File.SetLastWriteTimeUtc(script, DateTime.UnixEpoch);
        folder.Load().Hash.ShouldBe(before);
        File.SetUnixFileMode(script, File.GetUnixFileMode(script) | UnixFileMode.UserExecute);
        var executable = folder.Load().Hash;
        executable.ShouldNotBe(before);
        folder.Write("tests/more.txt", "");
        folder.Load().Hash.ShouldNotBe(executable);
    }
}
