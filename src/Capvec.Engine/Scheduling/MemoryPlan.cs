using System.Globalization;
using Capvec.Engine.Batching;
using Capvec.Engine.Network;
using Capvec.Formats.Errors;

namespace Capvec.Engine.Scheduling;

/// <summary>What an engine takes of the memory, reckoned before it takes it. Bytes.</summary>
/// <param name="Available">What the process may use: the machine's memory, or its container's.</param>
/// <param name="Weights">The model, packed.</param>
/// <param name="Scratch">Activations and logits of one step.</param>
/// <param name="Cache">Most that kept states take.</param>
/// <param name="Sequence">State of a running sequence that does not grow with its length (delta-rule blocks).</param>
/// <param name="Page">Keys and values of 64 positions of a running sequence (attention blocks).</param>
public sealed record MemoryPlan(long Available, long Weights, long Scratch, long Cache, long Sequence, long Page)
{
    /// <summary>Most positions that a sequence of the model can have.</summary>
    public int Context { get; init; } = int.MaxValue;

    /// <summary>What is left for running sequences; may be negative.</summary>
    public long States => Available - Weights - Scratch - Cache;

    /// <summary>State of a running sequence of so many positions.</summary>
    public long StateOf(int positions) => Sequence + ((positions + StateLayout.PagePositions - 1L) / StateLayout.PagePositions * Page);

    /// <summary>How many running sequences of so many positions have room; the engine takes at most <see cref="EngineOptions.MaxSequences"/> of them at once.</summary>
    public long SequencesOf(int positions) => Math.Max(0, States / Math.Max(1, StateOf(positions)));

    /// <summary>The plan in a line: what is taken, what a sequence of 8,192 positions (or as many as it can have) takes and how much of that does not grow with its length.</summary>
    public string Describe()
    {
        var positions = Math.Min(8192, Context);
        return string.Create(CultureInfo.InvariantCulture,
            $"memory: weights {Text(Weights)}, step {Text(Scratch)}, kept states at most {Text(Cache)}; a sequence of {positions:N0} positions takes {Text(StateOf(positions))}"
            + $" ({Text(Sequence)} of it recurrent state), so {SequencesOf(positions):N0} fit into the {Text(States)} left of {Text(Available)}");
    }

    /// <summary>Refuses what cannot fit.</summary>
    /// <exception cref="CapvecException">Not even one page of one sequence has room beside the rest.</exception>
    public void Check()
    {
        if (StateOf(1) > States)
            throw new CapvecException($"the engine does not fit into memory: weights {Text(Weights)} + step {Text(Scratch)} + kept states {Text(Cache)} + one sequence {Text(StateOf(1))} of {Text(Available)} available; lower CacheBytes or RowsPerStep, or choose a smaller model.");
    }

    /// <summary>Refuses a sequence that would never fit.</summary>
    /// <exception cref="CapvecException">It is longer than what is left for states.</exception>
    public void Check(int positions)
    {
        if (StateOf(positions) > States)
            throw new CapvecException($"a sequence of {positions} positions takes {Text(StateOf(positions))}, but weights {Text(Weights)} + step {Text(Scratch)} + kept states {Text(Cache)} leave {Text(States)} of {Text(Available)}; shorten the prompt or the reply, or lower CacheBytes.");
    }

    /// <summary>Refuses weights that do not fit, before they are read.</summary>
    /// <param name="folder">The model's folder, for the message.</param>
    /// <param name="weights">Their bytes in memory.</param>
    /// <param name="available">What the process may use.</param>
    /// <exception cref="CapvecException">They are more than that.</exception>
    public static void CheckWeights(string folder, long weights, long available)
    {
        if (weights > available)
            throw new CapvecException($"{folder}: the weights take {Text(weights)} in memory, but only {Text(available)} are available; choose a smaller model or a machine with more memory.");
    }

    /// <summary>The plan of an engine.</summary>
    /// <param name="config">The model's shape.</param>
    /// <param name="weights">Bytes of its packed matrices.</param>
    /// <param name="options">Sizes of the engine.</param>
    internal static MemoryPlan Of(ModelConfig config, long weights, EngineOptions options)
    {
        var layout = new StateLayout(config);
        return new MemoryPlan(
            options.MemoryBytes,
            weights,
            sizeof(float) * ((options.RowsPerStep * TextNetwork.RowFloats(config)) + StepRunner.LogitFloats(config, options)),
            options.CacheBytes,
            layout.SnapshotBytes,
            layout.Attention.Count(a => a) * layout.KeyValueFloats * sizeof(float))
        {
            Context = config.MaxPositions,
        };
    }

    private static string Text(long bytes) => Math.Abs(bytes) switch
    {
        >= 1L << 30 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 30):0.0} GiB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 20):0.0} MiB"),
    };
}
