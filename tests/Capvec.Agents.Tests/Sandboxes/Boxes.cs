using Capvec.Agents.Sandboxes;
using Capvec.Agents.Tests.Tasks;
using Capvec.Formats.Errors;

namespace Capvec.Agents.Tests.Sandboxes;

/// <summary>Sandboxes for tests; where the machine forbids user namespaces, tests skip, visibly.</summary>
internal static class Boxes
{
    /// <summary>Time enough for a command on a busy machine.</summary>
    public static readonly TimeSpan Long = TimeSpan.FromSeconds(60);

    private static readonly Lazy<(NamespaceSandboxFactory? Factory, string? Error)> Made = new(() =>
    {
        try
        {
            return (NamespaceSandboxFactory.Create(), null);
        }
        catch (CapvecException e)
        {
            return (null, e.Message);
        }
    });

    public static NamespaceSandboxFactory Factory
    {
        get
        {
            Assert.SkipWhen(Made.Value.Factory is null, Made.Value.Error ?? "");
            return Made.Value.Factory!;
        }
    }

    public static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task<NamespaceSandbox> OpenAsync(TaskFolder? folder = null, NamespaceSandboxFactory? factory = null)
    {
        using var own = folder is null ? new TaskFolder() : null;
        return (NamespaceSandbox)await (factory ?? Factory).CreateAsync((folder ?? own!).Load(), Token);
    }

    /// <summary>What a command prints, both outputs together.</summary>
    public static async Task<string> SayAsync(this ISandbox box, string command)
    {
        var result = await box.RunAsync(command, Long, Token);
        result.TimedOut.ShouldBeFalse(command);
        return result.Output + result.Error;
    }

    /// <summary>Whether the box is as good as new: one process, and commands run.</summary>
    public static async Task ShouldBeQuietAsync(this ISandbox box) => (await box.SayAsync("cd /proc; for p in [0-9]*; do echo $p; done | wc -l")).Trim().ShouldBeOneOf("2", "3", "4");
}
