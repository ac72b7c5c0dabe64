using Capvec.Numerics.Kernels;

namespace Capvec.Experiments.Studies;

/// <summary>What a study fixes before anything runs: the content of study.yaml, checked. Paths are absolute. docs/studies.md lists the keys.</summary>
public sealed record StudyDefinition
{
    /// <summary>The file it was read from.</summary>
    public required string File { get; init; }

    /// <summary>The file's text.</summary>
    public required string Yaml { get; init; }

    /// <summary>Short name, fit for folders.</summary>
    public required string Name { get; init; }

    /// <summary>The question it asks, in a sentence.</summary>
    public required string Question { get; init; }

    /// <summary>Folder or GGUF file of the model.</summary>
    public required string Model { get; init; }

    /// <summary>What activations are beside quantised weights in trials and the screen; captures keep float32.</summary>
    public Activations Activations { get; init; }

    /// <summary>Adapters by name, in the file's order.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Adapters { get; init; } = [];

    /// <summary>Which tasks, and how they are divided.</summary>
    public required TaskChoice Tasks { get; init; }

    /// <summary>How the agent's replies are drawn.</summary>
    public SamplingChoice Sampling { get; init; } = new();

    /// <summary>The seed that every other is derived from.</summary>
    public required ulong Seed { get; init; }

    /// <summary>The trials that the direction is made from.</summary>
    public required CollectPlan Collect { get; init; }

    /// <summary>What is set against what.</summary>
    public required ContrastPlan Direction { get; init; }

    /// <summary>What a strength is counted in.</summary>
    public StrengthScale StrengthUnit { get; init; } = StrengthScale.Residual;

    /// <summary>What is read again before trials are run, or null.</summary>
    public ScreenChoice? Screen { get; init; }

    /// <summary>How layer and strength are chosen, or null where the sweep lists them.</summary>
    public SelectionPlan? Select { get; init; }

    /// <summary>The trials that count.</summary>
    public required SweepPlan Sweep { get; init; }

    /// <summary>What the verdict is about.</summary>
    public OutcomePlan Verdict { get; init; } = new();

    /// <summary>The control arms of the test.</summary>
    public ControlPlan Controls { get; init; } = new();

    /// <summary>How much runs at once; changes no result.</summary>
    public ComputePlan Compute { get; init; } = new();
}
