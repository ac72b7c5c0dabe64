using System.Text.Json.Nodes;
using Capvec.Numerics.Benchmarks;

namespace Capvec.Cli.Output;

/// <summary>The machine's roof, measured and told.</summary>
internal static class RoofText
{
    /// <summary>Measures the roof, says it, and remarks where other programs keep the machine busy.</summary>
    public static MachineRoof Measure(int threads, CommandOutput output)
    {
        if (MachineLoad.Remark() is { } remark)
            CommandOutput.Remark(remark);
        var roof = MachineRoof.Measure(threads);
        output.Line($"this machine with {threads} {(threads == 1 ? "thread" : "threads")}: reads {roof.ReadBytesPerSecond / 1e9:F1} GB/s, {roof.FloatMacsPerSecond / 1e9:F0} G multiply-adds/s in float32");
        return roof;
    }

    /// <summary>For programs.</summary>
    public static JsonObject Json(MachineRoof roof) => new()
    {
        ["threads"] = roof.Threads,
        ["read_bytes_per_second"] = roof.ReadBytesPerSecond,
        ["float_macs_per_second"] = roof.FloatMacsPerSecond,
        ["load_last_minute"] = MachineLoad.LastMinute(),
    };
}
