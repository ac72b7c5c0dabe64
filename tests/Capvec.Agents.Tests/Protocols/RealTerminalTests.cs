using System.Text.Json;
using Capvec.Agents.Protocols;
using Capvec.Agents.Sandboxes;
using Capvec.Agents.Tasks;
using Capvec.Tests;

namespace Capvec.Agents.Tests.Protocols;

/// <summary>The terminal over a real sandbox and a real bash.</summary>
public sealed class RealTerminalTests
{
    private readonly TerminalProtocol _protocol = TerminalProtocol.Load(TerminalProtocol.JsonTerminal);

    [Fact]
    public async Task Whatever_is_typed_it_shows_what_the_reference_recipe_s_terminal_shows()
    {
        // The task has no files of its own.
        var task = TaskReader.Load(Repository.File("tasks", "full", "write-file-1"));
        var factory = NamespaceSandboxFactory.Create();
        foreach (var line in File.ReadLines(Repository.File("tests", "fixtures", "agents", "terminal.jsonl")))
        {
            using var row = JsonDocument.Parse(line);
            await using var sandbox = await factory.CreateAsync(task, TestContext.Current.CancellationToken);
            var keys = row.RootElement.GetProperty("keys").EnumerateArray().Select(k => k.GetString()!).ToList();
            var view = await new PlainTerminal(sandbox, _protocol).TypeAsync(keys, TestContext.Current.CancellationToken);
            view.ShouldBe(new(row.RootElement.GetProperty("shown").GetString()!, 0), line);
        }
    }

    [Fact]
    public async Task What_takes_too_long_shows_a_prompt_and_the_machine_lives_on()
    {
        var task = TaskReader.Load(Repository.File("tasks", "full", "write-file-1"));
        await using var sandbox = await NamespaceSandboxFactory.Create().CreateAsync(task, TestContext.Current.CancellationToken);
        var terminal = new PlainTerminal(sandbox, _protocol);
        (await terminal.TypeAsync(["echo a > f\n", "while :; do :; done\n", "echo never > g\n"], TestContext.Current.CancellationToken)).ShouldBe(new("root@box:/app# ", 1));
        (await terminal.TypeAsync(["echo *\n"], TestContext.Current.CancellationToken)).ShouldBe(new("root@box:/app# echo *\nf\nroot@box:/app# ", 0));
    }
}
