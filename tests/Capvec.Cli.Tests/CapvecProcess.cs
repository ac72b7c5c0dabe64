using System.Diagnostics;
using Capvec.Tests;

namespace Capvec.Cli.Tests;

/// <summary>Runs the built program as a user does: a process of its own.</summary>
internal static class CapvecProcess
{
    internal static readonly string Program = Path.Combine(AppContext.BaseDirectory, "capvec.dll");

    public static Task<CapvecRun> RunAsync(params string[] args) => RunAsync(args, input: "");

    public static async Task<CapvecRun> RunAsync(string[] args, string input)
    {
        using var process = Start(args);
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return new CapvecRun(process.ExitCode, await output, await error);
    }

    /// <summary>Starts a program that the test stops itself.</summary>
    public static Process Start(params string[] args)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Repository.Root,
        };
        start.ArgumentList.Add(Program);
        foreach (var arg in args)
            start.ArgumentList.Add(arg);
        return Process.Start(start)!;
    }
}
