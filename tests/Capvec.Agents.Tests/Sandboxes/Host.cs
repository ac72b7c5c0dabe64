using System.Diagnostics;

namespace Capvec.Agents.Tests.Sandboxes;

/// <summary>Programs and processes of the host, outside of any box.</summary>
internal static class Host
{
    public static bool IsRoot => Environment.IsPrivilegedProcess;

    public static Process Start(string program, params string[] arguments) =>
        Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true })!;

    /// <summary>What a program prints.</summary>
    public static async Task<string> SayAsync(string program, params string[] arguments)
    {
        using var process = Start(program, arguments);
        var error = process.StandardError.ReadToEndAsync(Boxes.Token);
        var output = await process.StandardOutput.ReadToEndAsync(Boxes.Token);
        await process.WaitForExitAsync(Boxes.Token);
        return output + await error;
    }

    /// <summary>Whether a process is there and not merely waiting to be collected.</summary>
    public static bool Lives(int process)
    {
        try
        {
            return !File.ReadAllText($"/proc/{process}/stat").Contains(") Z");
        }
        catch (IOException)
        {
            // It may end between being asked for and being read.
            return false;
        }
    }

    /// <summary>Waits for what has to come, but not for ever.</summary>
    public static async Task UntilAsync(Func<bool> done, string what)
    {
        var clock = Stopwatch.StartNew();
        while (!done())
        {
            clock.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(60), what);
            await Task.Delay(5, Boxes.Token);
        }
    }
}
