using Capvec.Formats.Errors;

namespace Capvec.Steering.Activations;

/// <summary>Puts activation files together that were captured apart.</summary>
public static class ActivationJoin
{
    /// <summary>One set of the traces of several files.</summary>
    /// <param name="paths">Files of <see cref="ActivationSet.Save"/>, at least one.</param>
    /// <exception cref="CapvecException">They are of different models, layers or positions, or hold the same trace.</exception>
    public static ActivationSet Load(IReadOnlyList<string> paths)
    {
        var sets = paths.Select(ActivationSet.Load).ToList();
        var first = sets[0];
        if (sets.Count == 1)
            return first;
        for (var i = 1; i < sets.Count; i++)
        {
            if (!sets[i].Layers.SequenceEqual(first.Layers) || sets[i].Hidden != first.Hidden || sets[i].ModelHash != first.ModelHash || sets[i].Positions != first.Positions)
                throw new CapvecException($"{paths[i]} and {paths[0]} do not go together: they are of different models, layers or positions. Capture both with the same --model and --positions.");
        }

        var traces = sets.SelectMany(set => set.Traces).ToList();
        if (traces.GroupBy(trace => trace.Id, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw new CapvecException($"the trace {twice.Key} is in two of the activation files; give each trace once.");
        var values = new float[traces.Count * first.Layers.Length * first.Hidden];
        var at = 0;
        foreach (var set in sets)
        {
            for (var trace = 0; trace < set.Traces.Length; trace++)
            {
                for (var layer = 0; layer < set.Layers.Length; layer++, at += set.Hidden)
                    set.Row(trace, layer).CopyTo(values.AsSpan(at));
            }
        }

        return new ActivationSet(values, traces, first.Layers, first.Hidden)
        {
            ModelHash = first.ModelHash,
            Positions = first.Positions,
            Contrast = string.Join("; ", sets.Select(set => set.Contrast).OfType<string>().Distinct(StringComparer.Ordinal)),
        };
    }
}
