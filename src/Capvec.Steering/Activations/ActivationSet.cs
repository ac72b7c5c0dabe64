using System.Collections.Immutable;
using System.Text.Encodings.Web;
using System.Text.Json;
using Capvec.Engine.Sampling;
using Capvec.Formats.Errors;
using Capvec.Formats.Safetensors;

namespace Capvec.Steering.Activations;

/// <summary>Captured residuals: one row [hidden] for each trace and layer (a mean over chosen tokens, or one token), with the traces' labels. Immutable but for its buffer, which is not copied.</summary>
public sealed class ActivationSet
{
    /// <summary>Value of the metadata key <c>format</c> in the files written here.</summary>
    public const string Format = "capvec-activations-1";

    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly float[] _values;

    /// <summary>Makes a set over a buffer, which is not copied.</summary>
    /// <param name="values">[traces, layers, hidden], row major.</param>
    /// <param name="traces">The traces in the order of the buffer.</param>
    /// <param name="layers">0-based blocks in the order of the buffer, each once.</param>
    /// <param name="hidden">Width of a row.</param>
    /// <exception cref="CapvecException">The sizes do not fit, or a number is not finite.</exception>
    public ActivationSet(float[] values, IEnumerable<ActivationTrace> traces, IEnumerable<int> layers, int hidden)
    {
        _values = values;
        Traces = [.. traces];
        Layers = [.. layers];
        Hidden = hidden;
        if (hidden < 1 || Layers.IsEmpty || Layers.Any(l => l < 0) || Layers.Distinct().Count() != Layers.Length)
            throw new CapvecException($"activations of hidden size {hidden} at layers {string.Join(", ", Layers)}: expected a positive size and different layers from 0.");
        if (values.LongLength != (long)Traces.Length * Layers.Length * hidden)
            throw new CapvecException($"{values.LongLength} activations are not {Traces.Length} traces x {Layers.Length} layers x {hidden}.");
        var bad = Array.FindIndex(values, x => !float.IsFinite(x));
        if (bad >= 0)
            throw new CapvecException($"the activation of trace '{Traces[bad / (Layers.Length * hidden)].Id}' at layer {Layers[bad / hidden % Layers.Length]} is {values[bad]}; leave that trace out or check the model.");
    }

    /// <summary>The traces.</summary>
    public ImmutableArray<ActivationTrace> Traces { get; }

    /// <summary>0-based blocks.</summary>
    public ImmutableArray<int> Layers { get; }

    /// <summary>Width of a row.</summary>
    public int Hidden { get; }

    /// <summary>Hash of the model that was run; null when unknown.</summary>
    public string? ModelHash { get; init; }

    /// <summary>Which token positions were read and how they were reduced; null when unknown.</summary>
    public string? Positions { get; init; }

    /// <summary>What is set against what, in words; null when unknown.</summary>
    public string? Contrast { get; init; }

    /// <summary>The labels in the order of <see cref="Traces"/>.</summary>
    public bool[] Labels => [.. Traces.Select(t => t.IsPositive)];

    /// <summary>The row [hidden] of a trace.</summary>
    /// <param name="trace">Index in <see cref="Traces"/>.</param>
    /// <param name="layerIndex">Index in <see cref="Layers"/>.</param>
    public ReadOnlySpan<float> Row(int trace, int layerIndex) => _values.AsSpan(((trace * Layers.Length) + layerIndex) * Hidden, Hidden);

    /// <summary>Where a layer stands in <see cref="Layers"/>.</summary>
    /// <exception cref="CapvecException">The layer was not captured.</exception>
    public int IndexOf(int layer) => Layers.IndexOf(layer) is >= 0 and var index
        ? index
        : throw new CapvecException($"layer {layer} was not captured; captured are {Directions.DirectionSet.Ranges([.. Layers.Order()])} (0-based blocks).");

    /// <summary>The set of some of the traces, copied.</summary>
    public ActivationSet Where(Func<ActivationTrace, bool> keep)
    {
        var kept = Enumerable.Range(0, Traces.Length).Where(i => keep(Traces[i])).ToList();
        var size = Layers.Length * Hidden;
        var values = new float[kept.Count * size];
        for (var i = 0; i < kept.Count; i++)
            _values.AsSpan(kept[i] * size, size).CopyTo(values.AsSpan(i * size));
        return new ActivationSet(values, kept.Select(i => Traces[i]), Layers, Hidden) { ModelHash = ModelHash, Positions = Positions, Contrast = Contrast };
    }

    /// <summary>The set with other labels, over the same buffer.</summary>
    public ActivationSet Relabel(Func<ActivationTrace, bool> isPositive, string? contrast = null) =>
        new(_values, Traces.Select(t => t with { IsPositive = isPositive(t) }), Layers, Hidden) { ModelHash = ModelHash, Positions = Positions, Contrast = contrast ?? Contrast };

    /// <summary>
    /// The set with outlying numbers drawn in, copied: in each row, numbers beyond the quantile of the row's own magnitudes become that magnitude. A few dimensions
    /// of large models reach hundreds of times further than all others and would decide every mean.
    /// </summary>
    /// <param name="quantile">Share of a row's numbers that stay as they are, such as 0.995.</param>
    /// <exception cref="CapvecException">The share is not in (0, 1).</exception>
    public ActivationSet Winsorised(double quantile)
    {
        if (!(quantile is > 0 and < 1))
            throw new CapvecException($"numbers cannot be drawn in at the quantile {quantile}; give a share between 0 and 1, such as 0.995.", null, CapvecException.WrongUsage);
        var values = (float[])_values.Clone();
        var magnitudes = new float[Hidden];
        for (var at = 0; at < values.Length; at += Hidden)
        {
            var row = values.AsSpan(at, Hidden);
            for (var k = 0; k < Hidden; k++)
                magnitudes[k] = Math.Abs(row[k]);
            Array.Sort(magnitudes);
            var most = magnitudes[(int)Math.Ceiling(quantile * (Hidden - 1))];
            foreach (ref var x in row)
                x = Math.Clamp(x, -most, most);
        }

        return new ActivationSet(values, Traces, Layers, Hidden) { ModelHash = ModelHash, Positions = Positions, Contrast = Contrast };
    }

    /// <summary>The control of every direction: the same rows with the labels dealt out again, as many of each.</summary>
    /// <param name="seed">Seed of the deal.</param>
    public ActivationSet ShuffledLabels(ulong seed)
    {
        var positives = Labels.AsSpan().Count(true);
        var chosen = Enumerable.Range(0, Traces.Length).OrderBy(i => SeededDraws.Bits(seed, (ulong)i)).Take(positives).Select(i => Traces[i].Id).ToHashSet(StringComparer.Ordinal);
        return Relabel(trace => chosen.Contains(trace.Id), $"none: labels dealt out again (control for: {Contrast ?? "unknown"})");
    }

    /// <summary>A few traces of each label, drawn: what the same contrast would have looked like in a smaller experiment.</summary>
    /// <param name="positives">Positives that stay.</param>
    /// <param name="negatives">Negatives that stay.</param>
    /// <param name="seed">Seed of the draw.</param>
    /// <exception cref="CapvecException">There are not so many of one of them.</exception>
    public ActivationSet Taken(int positives, int negatives, ulong seed)
    {
        var (all, have) = (Traces.Length, Labels.AsSpan().Count(true));
        if (positives < 1 || negatives < 1 || positives > have || negatives > all - have)
            throw new CapvecException($"{positives} positives and {negatives} negatives cannot be taken of {have} and {all - have}; ask for no more than there are.", null, CapvecException.WrongUsage);
        // Another stream than that of ShuffledLabels, so that one seed may serve both.
        var order = Enumerable.Range(0, all).OrderBy(i => SeededDraws.Bits(~seed, (ulong)i)).ToList();
        var chosen = order.Where(i => Traces[i].IsPositive).Take(positives).Concat(order.Where(i => !Traces[i].IsPositive).Take(negatives)).Select(i => Traces[i].Id).ToHashSet(StringComparer.Ordinal);
        var taken = Where(trace => chosen.Contains(trace.Id));
        return taken.Relabel(trace => trace.IsPositive, $"{positives} of {have} positives and {negatives} of {all - have} negatives, drawn with seed {seed}, of: {Contrast ?? "unknown"}");
    }

    /// <summary>Writes the set as <c>activations.safetensors</c>, atomically; docs/formats.md describes it.</summary>
    /// <exception cref="CapvecException">The folder cannot be written.</exception>
    public void Save(string path)
    {
        var writer = new SafetensorsWriter()
            .Add("activations", [Traces.Length, Layers.Length, Hidden], _values)
            .AddInt64("labels", [Traces.Length], Traces.Select(t => t.IsPositive ? 1L : 0).ToArray())
            .AddInt64("layers", [Layers.Length], Layers.Select(l => (long)l).ToArray());
        writer.Metadata["format"] = Format;
        writer.Metadata["ids"] = JsonSerializer.Serialize(Traces.Select(t => t.Id), Json);
        writer.Metadata["groups"] = JsonSerializer.Serialize(Traces.Select(t => t.Group), Json);
        if (Traces.Any(t => t.Arm is not null))
            writer.Metadata["arms"] = JsonSerializer.Serialize(Traces.Select(t => t.Arm), Json);
        if (Traces.Any(t => !t.Measures.IsEmpty))
            writer.Metadata["measures"] = JsonSerializer.Serialize(Traces.Select(t => t.Measures), Json);
        foreach (var (key, value) in new[] { ("model_hash", ModelHash), ("positions", Positions), ("contrast", Contrast) })
        {
            if (value is not null)
                writer.Metadata[key] = JsonSerializer.Serialize(value, Json);
        }

        writer.Write(path);
    }

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    /// <exception cref="CapvecException">The file is missing, broken, or of another kind.</exception>
    public static ActivationSet Load(string path)
    {
        using var file = SafetensorsFile.Open(path);
        if (file.Metadata.GetValueOrDefault("format") != Format)
            throw new CapvecException($"{path} is not an activation file (metadata 'format' is not {Format}); make one with `capvec capture`.");
        var shape = file.Find("activations").Shape;
        var labels = file.ReadInt64("labels");
        var layers = file.ReadInt64("layers");
        var ids = Strings(file, "ids");
        var groups = Strings(file, "groups");
        var arms = Optional<string?[]>(file, "arms");
        var measures = Optional<ImmutableSortedDictionary<string, double>[]>(file, "measures");
        if ((arms ?? ids).Length != ids.Length || (measures?.Length ?? ids.Length) != ids.Length || measures?.Contains(null) == true)
            throw new CapvecException($"{path}: metadata 'arms' and 'measures' do not have an entry for each of the {ids.Length} traces; run `capvec capture` again.");
        if (shape.Length != 3 || shape[0] != labels.Length || shape[0] != ids.Length || shape[0] != groups.Length || shape[1] != layers.Length || shape[2] > int.MaxValue || layers.Any(l => l is < 0 or > int.MaxValue))
            throw new CapvecException($"{path}: activations [{string.Join(", ", shape)}] do not fit {labels.Length} labels, {ids.Length} ids, {groups.Length} groups and {layers.Length} layers; run `capvec capture` again.");
        try
        {
            return new ActivationSet(file.ReadFloat32("activations"), ids.Select((id, i) => new ActivationTrace(id, groups[i], labels[i] == 1) { Arm = arms?[i], Measures = measures?[i] ?? ImmutableSortedDictionary<string, double>.Empty }), layers.Select(l => (int)l), (int)shape[2])
            {
                ModelHash = Optional<string>(file, "model_hash"),
                Positions = Optional<string>(file, "positions"),
                Contrast = Optional<string>(file, "contrast"),
            };
        }
        catch (CapvecException e)
        {
            throw new CapvecException($"{path}: {e.Message}", e);
        }
    }

    private static T? Optional<T>(SafetensorsFile file, string key)
        where T : class => file.Metadata.TryGetValue(key, out var text) ? Parse<T>(file, key, text) : null;

    private static string[] Strings(SafetensorsFile file, string key) => file.Metadata.TryGetValue(key, out var text)
        ? Parse<string[]>(file, key, text)
        : throw new CapvecException($"{file.Path}: metadata '{key}' is missing; run `capvec capture` again.");

    private static T Parse<T>(SafetensorsFile file, string key, string text)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(text, Json) ?? throw new JsonException();
        }
        catch (JsonException e)
        {
            throw new CapvecException($"{file.Path}: metadata '{key}' is not the JSON that is expected there; run `capvec capture` again.", e);
        }
    }
}
