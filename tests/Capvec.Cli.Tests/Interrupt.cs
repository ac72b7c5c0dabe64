using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Capvec.Cli.Tests;

/// <summary>Ctrl-C for a process.</summary>
internal static partial class Interrupt
{
    private const int Signal = 2;

    public static void Send(Process process) => Kill(process.Id, Signal).ShouldBe(0);

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
