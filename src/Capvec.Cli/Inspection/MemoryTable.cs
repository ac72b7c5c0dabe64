using System.Text.Json.Nodes;
using Capvec.Engine.Loading;
using Capvec.Numerics.Kernels;

namespace Capvec.Cli.Inspection;

/// <summary>What a model takes of the memory in each format that weights can be kept in, as an engine plans it.</summary>
internal static class MemoryTable
{
    private const int Positions = 1000;

    private static readonly (string Name, WeightFormat? Format)[] Formats =
    [
        ("as stored", null), ("f32", WeightFormat.Float32), ("bf16", WeightFormat.BFloat16), ("f16", WeightFormat.Float16), ("q8_0", WeightFormat.Q8_0), ("q6_K", WeightFormat.Q6_K), ("q4_K", WeightFormat.Q4_K), ("q4_0", WeightFormat.Q4_0),
    ];

    /// <summary>A row a format, below a heading.</summary>
    public static List<string[]> Rows(ModelSurvey model)
    {
        var rows = new List<string[]> { new[] { "matrices in", "weights", "a step", $"a sequence of {Positions:N0}", "of it fixed", "together" } };
        foreach (var (name, format) in Formats)
        {
            var plan = model.Memory(format);
            rows.Add([name, FileFacts.Size(plan.Weights), FileFacts.Size(plan.Scratch), FileFacts.Size(plan.StateOf(Positions)), FileFacts.Size(plan.Sequence), FileFacts.Size(plan.Weights + plan.Scratch + plan.StateOf(Positions))]);
        }

        return rows;
    }

    /// <summary>The same for programs, in bytes.</summary>
    public static JsonArray Json(ModelSurvey model) => new([.. Formats.Select(row => (row.Name, Plan: model.Memory(row.Format))).Select(row => new JsonObject
    {
        ["format"] = row.Name,
        ["weights"] = row.Plan.Weights,
        ["step"] = row.Plan.Scratch,
        ["sequence_fixed"] = row.Plan.Sequence,
        ["sequence_1000"] = row.Plan.StateOf(Positions),
    })]);
}
