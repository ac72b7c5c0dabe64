using System.Reflection;
using System.Runtime.InteropServices;

namespace Capvec.Cli.Hosting;

/// <summary>Keeps what a developer needs of a failure that nobody foresaw.</summary>
internal static class CrashLog
{
    /// <summary>Writes the failure to a file beside other temporary files.</summary>
    /// <returns>The one line for the user.</returns>
    public static string Write(Exception e, string[] args)
    {
        var version = typeof(CrashLog).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion;
        var what = $"unexpected failure ({e.GetType().Name}: {e.Message.ReplaceLineEndings(" ").TrimEnd('.')})";
        var path = Path.Combine(Path.GetTempPath(), $"capvec-{TimeProvider.System.GetUtcNow():yyyyMMdd-HHmmss}-{Environment.ProcessId}.log");
        try
        {
            File.WriteAllText(path, $"""
                capvec {version}, .NET {Environment.Version}, {RuntimeInformation.OSDescription}, {RuntimeInformation.ProcessArchitecture}
                arguments: {string.Join(' ', args)}

                {e}

                """);
        }
        catch (Exception log) when (log is IOException or UnauthorizedAccessException)
        {
            return $"{what}; please report it with the command line (no log could be written to {path})";
        }

        return $"{what}; please report it with the log {path}";
    }
}
