using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Capvec.Formats.Errors;
using Capvec.Formats.Files;

namespace Capvec.Agents.Traces;

/// <summary>Writes traces, one file a trial, whole or not at all.</summary>
public static class TraceWriter
{
    /// <summary>Writes a trace to its place below a folder.</summary>
    /// <returns>The file.</returns>
    /// <exception cref="CapvecException">It cannot be written.</exception>
    public static string Write(string folder, Trajectory trajectory)
    {
        var path = PathOf(folder, trajectory.Trial.Arm, trajectory.Trial.Task, trajectory.Trial.Attempt);
        WriteFile(path, trajectory);
        return path;
    }

    /// <summary>Writes a trace to a file.</summary>
    /// <exception cref="CapvecException">It cannot be written.</exception>
    public static void WriteFile(string path, Trajectory trajectory) => AtomicFile.Write(path, stream =>
    {
        JsonSerializer.Serialize(stream, trajectory, TraceJson.Options);
        stream.Write("\n"u8);
    });

    /// <summary>Where a trial's trace is: <c>folder/arm/task.attempt.json</c>, names made fit for files.</summary>
    public static string PathOf(string folder, string arm, string task, int attempt) =>
        Path.Combine(folder, FileName(arm), string.Create(CultureInfo.InvariantCulture, $"{FileName(task)}.{attempt}.json"));

    /// <summary>A name with other characters than letters, digits, ".", "_", "-", "+" and "=" replaced; a piece of its hash keeps such names apart.</summary>
    private static string FileName(string name)
    {
        var safe = string.Concat(name.Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' or '+' or '=' ? c : '_'));
        return safe == name && name.Length is > 0 and <= 100 && name[0] != '.'
            ? name
            : $"{safe[..Math.Min(safe.Length, 100)].TrimStart('.')}~{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)))[..8]}";
    }
}
