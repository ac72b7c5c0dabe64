using Capvec.Engine.Layers;
using Capvec.Formats.Errors;
using Capvec.Formats.Peft;
using Capvec.Numerics.Kernels;

namespace Capvec.Engine.Lora;

/// <summary>Finds for each module of an adapter the projection it changes, and packs its factors.</summary>
internal static class LoraBinder
{
    /// <summary>One entry a projection, null where the adapter changes nothing.</summary>
    /// <exception cref="CapvecException">A module does not exist in the model, has other sizes, or cannot be adapted.</exception>
    public static LoraProjection?[] Bind(AdapterFactors adapter, IReadOnlyList<Projection> projections)
    {
        var targets = projections.SelectMany(p => p.Parts.Select(part => (part.Module, Projection: p, Part: part))).ToDictionary(t => t.Module, StringComparer.Ordinal);
        var found = new List<(Projection Projection, ProjectionPart Part, PeftModule Module)>();
        foreach (var module in adapter.Modules)
        {
            var name = module.Path;
            if (module.IsEmbedding || name == "lm_head" || !targets.TryGetValue(name, out var target))
                throw new CapvecException($"{adapter.Path}: module {module.Path} {(module.IsEmbedding || name == "lm_head" ? "adapts the embedding or the output matrix, which is not supported at run time" : "does not exist in this model; is the adapter for another one?")}");
            var inputs = target.Projection.Inputs;
            if (module.In != inputs || module.Out != target.Part.Rows)
                throw new CapvecException($"{adapter.Path}: module {module.Path} maps {module.In} to {module.Out} numbers, but the model's matrix maps {inputs} to {target.Part.Rows}; the adapter is for another model.");
            found.Add((target.Projection, target.Part, module));
        }

        var result = new LoraProjection?[projections.Count];
        foreach (var group in found.GroupBy(f => f.Projection))
            result[group.Key.Id] = Pack(group.Key, [.. group]);
        return result;
    }

    private static LoraProjection Pack(Projection projection, IReadOnlyList<(Projection Projection, ProjectionPart Part, PeftModule Module)> modules)
    {
        var inputs = projection.Inputs;
        var a = new PackedMatrix(modules.Sum(m => m.Module.Rank), inputs, WeightFormat.Float32);
        var parts = new List<LoraPart>();
        var rank = 0;
        foreach (var (_, part, module) in modules)
        {
            for (var r = 0; r < module.Rank; r++)
                a.SetRow(rank + r, module.A.AsSpan(r * inputs, inputs));
            var b = new PackedMatrix(module.Out, module.Rank, WeightFormat.Float32);
            var row = new float[module.Rank];
            for (var o = 0; o < module.Out; o++)
            {
                for (var r = 0; r < module.Rank; r++)
                    row[r] = module.Scale * module.B[(o * module.Rank) + r];
                b.SetRow(o, row);
            }

            parts.Add(new LoraPart(b, rank, part.Offset));
            rank += module.Rank;
        }

        return new LoraProjection(a, parts);
    }
}
