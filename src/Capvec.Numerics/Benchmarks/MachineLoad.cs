using System.Globalization;

namespace Capvec.Numerics.Benchmarks;

/// <summary>Whether other programs keep the machine busy, so that times say little.</summary>
public static class MachineLoad
{
    /// <summary>Processors in use, averaged over the last minute, above which times are not to be compared.</summary>
    public const double Quiet = 0.5;

    private const string Source = "/proc/loadavg";

    /// <summary>Average number of running threads of the last minute; null where the system does not say.</summary>
    public static double? LastMinute() =>
        File.Exists(Source) && double.TryParse(File.ReadAllText(Source).Split(' ')[0], CultureInfo.InvariantCulture, out var load) ? load : null;

    /// <summary>A line for the reader where the machine is busy, else null.</summary>
    public static string? Remark() => LastMinute() is { } load && load > Quiet
        ? string.Create(CultureInfo.InvariantCulture, $"note: the machine is busy (load {load:F1} in the last minute); these times are not to be compared")
        : null;
}
