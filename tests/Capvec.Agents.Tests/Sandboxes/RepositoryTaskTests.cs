using Capvec.Agents.Tasks;
using Capvec.Tests;
using static Capvec.Agents.Tests.Sandboxes.Boxes;

namespace Capvec.Agents.Tests.Sandboxes;

/// <summary>The tasks that come with Capvec, each with nothing done and with its own solution.</summary>
public class RepositoryTaskTests
{
    public static TheoryData<string> Folders => [.. Directory.GetFiles(Repository.File("tasks"), "task.toml", SearchOption.AllDirectories)
        .Select(f => Path.GetRelativePath(Repository.File("tasks"), Path.GetDirectoryName(f)!)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Folders))]
    public async Task Nothing_gives_0_and_the_solution_gives_1(string folder)
    {
        var task = TaskReader.Load(Repository.File("tasks", folder));
        var solution = Convert.ToBase64String(await File.ReadAllBytesAsync(Path.Combine(task.Folder, "solution", "solve.sh"), Token));
        await using var idle = await Factory.CreateAsync(task, Token);
        await using var solved = await Factory.CreateAsync(task, Token);

        var before = await idle.VerifyAsync(Token);
        (await solved.SayAsync($"mkdir /solution; echo {solution} | base64 -d > /solution/solve.sh; bash /solution/solve.sh")).ShouldBe("");
        var after = await solved.VerifyAsync(Token);

        before.Reward.ShouldBe(0, before.Failure);
        after.Reward.ShouldBe(1, after.Failure);
    }
}
