using System.Collections.Immutable;
using Capvec.Engine.Interventions;

namespace Capvec.Steering.Baking;

/// <summary>What is written into weights, and how.</summary>
public sealed record BakeOptions
{
    /// <summary>How a GGUF file keeps matrices where nothing is said: as most checkpoints do.</summary>
    public const string UsualGgufFormat = "bf16";

    /// <summary>0-based blocks whose directions are used.</summary>
    public required ImmutableArray<int> Layers { get; init; }

    /// <summary>Ablate; additions are refused, since no family that is supported has a bias to carry them.</summary>
    public SteeringOperation Operation { get; init; } = SteeringOperation.Ablate;

    /// <summary>Whether each block gives up its own direction only; otherwise the span of all of them is taken out of the embedding and of every block.</summary>
    public bool EachOwn { get; init; }

    /// <summary>Whether a tied output matrix stays tied to the edited embedding; otherwise it becomes a matrix of its own, and logits are those of ablation at run time.</summary>
    public bool KeepTied { get; init; }

    /// <summary>How a GGUF file keeps matrices.</summary>
    public string GgufFormat { get; init; } = UsualGgufFormat;
}
