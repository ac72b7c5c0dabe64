using Capvec.Agents.Tests.Tasks;
using Capvec.Formats.Errors;
using static Capvec.Agents.Tests.Sandboxes.Boxes;

namespace Capvec.Agents.Tests.Sandboxes;

/// <summary>Dockerfiles carried out.</summary>
public class BuildTests
{
    [Fact]
    public async Task Files_folders_variables_and_commands_end_up_where_Docker_puts_them()
    {
        using var folder = new TaskFolder(dockerfile: """
            FROM debian:bookworm-slim AS base
            ENV GREETING="hello there" PLACE=/data
            ENV OLD style with blanks
            WORKDIR /srv/site
            COPY one.txt two.txt ./
            COPY one.txt renamed.txt
            COPY tree/ $PLACE/
            COPY ["with blank.txt", "/data/"]
            COPY --chmod=750 *.sh /data/bin/
            RUN echo "$GREETING" > made && \
                # a comment inside
                chmod 640 made
            RUN ["sh", "-c", "pwd > where"]
            WORKDIR sub
            """)
            .With("environment/one.txt", "1\n").With("environment/two.txt", "2\n").With("environment/with blank.txt", "3\n").With("environment/tree/deep/file", "4\n")
            .With("environment/a.sh", "echo a\n").With("environment/b.sh", "echo b\n");
        File.CreateSymbolicLink(Path.Combine(folder.Path, "environment/tree/link"), "deep/file");
        await using var box = await OpenAsync(folder);

        (await box.SayAsync("pwd; cd ..; cat one.txt two.txt renamed.txt made where; stat -c '%a %U' made; echo $GREETING, $OLD")).ShouldBe("/srv/site/sub\n1\n2\n1\nhello there\n/srv/site\n640 root\nhello there, style with blanks\n");
        (await box.SayAsync("cd /data; find . | sort; cat link 'with blank.txt'; stat -c %a bin/a.sh; bin/b.sh 2>&1")).ShouldBe(".\n./bin\n./bin/a.sh\n./bin/b.sh\n./deep\n./deep/file\n./link\n./with blank.txt\n4\n3\n750\nb\n");
        box.BuildLog.ShouldContain("FROM debian:bookworm-slim: the host's own system stands for it (");
        box.BuildLog.ShouldContain("limits: 256 processes");
    }

    [Fact]
    public async Task Files_of_the_task_have_one_date_and_of_their_modes_whether_they_run()
    {
        using var folder = new TaskFolder(dockerfile: "FROM debian\nCOPY files /app\n").With("environment/files/tool", "x").With("environment/files/secret", "x");
        var tool = Path.Combine(folder.Path, "environment/files/tool");
        await Host.SayAsync("chmod", "4751", tool);
        await Host.SayAsync("chmod", "600", Path.Combine(folder.Path, "environment/files/secret"));
        File.SetLastWriteTimeUtc(tool, new(2020, 2, 3, 4, 5, 6, DateTimeKind.Utc));
        await using var box = await OpenAsync(folder);

        (await box.SayAsync("stat -c '%n %a %U:%G %y' secret tool")).ShouldBe("secret 644 root:root 2025-01-01 00:00:00.000000000 +0000\ntool 755 root:root 2025-01-01 00:00:00.000000000 +0000\n");
        (await box.SayAsync("ls -l")).ShouldBe("total 8\n-rw-r--r-- 1 root root 1 Jan  1  2025 secret\n-rwxr-xr-x 1 root root 1 Jan  1  2025 tool\n");
        (await box.SayAsync("date +%Z")).ShouldBe("UTC\n");
    }

    [Fact]
    public async Task A_link_in_the_context_never_leads_to_the_host()
    {
        using var folder = new TaskFolder(dockerfile: "FROM debian\nCOPY files/ /app/\nCOPY over/ /app/\n").With("environment/over/out/file", "x").With("environment/files/a", "a");
        var outside = Directory.CreateTempSubdirectory("capvec-outside-");
        File.CreateSymbolicLink(Path.Combine(folder.Path, "environment/files/out"), outside.FullName);
        File.CreateSymbolicLink(Path.Combine(folder.Path, "environment/files/passwd"), "/etc/shadow");
        try
        {
            try
            {
                await using var box = await OpenAsync(folder);
                (await box.RunAsync("cat passwd", Long, Token)).ExitCode.ShouldNotBe(0);
            }
            catch (CapvecException e)
            {
                e.Message.ShouldContain("the files could not be put into the sandbox");
            }

            outside.EnumerateFileSystemInfos().ShouldBeEmpty();
        }
        finally
        {
            outside.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData("RUN exit 4", "Dockerfile, line 2: RUN ended with status 4")]
    [InlineData("RUN echo no such thing >&2; false", "RUN ended with status 1 (no such thing)")]
    [InlineData("RUN apt-get update -o Dir::Log=/tmp && touch /usr/bin/x", "it needs the container sandbox")]
    [InlineData("COPY missing /app/", "Dockerfile, line 2: 'missing' is not in the build context")]
    [InlineData("COPY ../tests /app/", "line 2: '../tests' leaves the build context")]
    [InlineData("COPY Dockerfile /usr/bin/", "line 2: /usr/bin/Dockerfile cannot be written: /usr belongs to the host's system")]
    [InlineData("COPY Dockerfile /logs/verifier/reward.txt", "/logs belongs to")]
    [InlineData("COPY Dockerfile /tests/", "/tests belongs to")]
    [InlineData("WORKDIR /usr/src/app", "line 2: /usr/src/app cannot be written")]
    [InlineData("COPY . /app", "")]
    public async Task What_cannot_be_built_is_told(string line, string message)
    {
        using var folder = new TaskFolder(dockerfile: $"FROM debian\n{line}\n");
        if (message.Length == 0)
        {
            await using var box = await OpenAsync(folder);
            (await box.SayAsync("ls")).ShouldBe("Dockerfile\n");
            return;
        }

        (await Should.ThrowAsync<CapvecException>(() => OpenAsync(folder))).Message.ShouldContain(message);
    }

    [Fact]
    public async Task Files_beyond_the_storage_are_refused()
    {
        using var folder = new TaskFolder("[environment]\nstorage = \"4M\"\n", "FROM debian\nCOPY big /app/\n").With("environment/big", new string('x', 5 << 20));

        (await Should.ThrowAsync<CapvecException>(() => OpenAsync(folder))).Message.ShouldContain("larger than the 4 MiB that fit");
    }

    [Fact]
    public async Task Building_has_a_time_limit()
    {
        using var folder = new TaskFolder("[environment]\nbuild_timeout_sec = 1\n", "FROM debian\nRUN sleep 1000\n");

        (await Should.ThrowAsync<CapvecException>(() => OpenAsync(folder))).Message.ShouldMatch("a time-out|was not set up within 1 s");
    }

    [Fact]
    public async Task The_tasks_own_working_directory_goes_first()
    {
        using var folder = new TaskFolder("[environment]\nworkdir = \"/data/x\"\n");
        await using var box = await OpenAsync(folder);

        (await box.SayAsync("pwd")).ShouldBe("/data/x\n");
    }
}
