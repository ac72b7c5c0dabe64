using System.Collections.Immutable;
using Capvec.Engine.Interventions;

namespace Capvec.Steering.Specification;

/// <summary>One entry of a steering specification: a direction set's id and what to do with it.</summary>
public sealed record SteeringVector
{
    /// <summary>Id of a direction set.</summary>
    public required string Source { get; init; }

    /// <summary>What is done to a row.</summary>
    public SteeringOperation Operation { get; init; } = SteeringOperation.Add;

    /// <summary>Strength in units of <see cref="Unit"/>; 0 and not used for ablation and clamping.</summary>
    public double Scale { get; init; }

    /// <summary>What one unit of the strength is.</summary>
    public StrengthUnit Unit { get; init; }

    /// <summary>The 0-based blocks that are steered; empty for every layer (that has a direction, unless <see cref="DirectionLayer"/> is given).</summary>
    public ImmutableArray<int> Layers { get; init; } = [];

    /// <summary>The layer whose direction is used at all layers; null for each layer's own.</summary>
    public int? DirectionLayer { get; init; }

    /// <summary>The positions steered.</summary>
    public SteeringMask Apply { get; init; } = SteeringMask.All;

    /// <summary>Least projection that clamping leaves, in units of <see cref="Unit"/>; infinite for no end.</summary>
    public double Low { get; init; } = double.NegativeInfinity;

    /// <summary>Greatest projection that clamping leaves.</summary>
    public double High { get; init; } = double.PositiveInfinity;

    /// <summary>The tokens of a reply steered, and how the strength fades over them.</summary>
    public SteeringSchedule Schedule { get; init; } = SteeringSchedule.Always;

    /// <summary>Where in a block.</summary>
    public SteeringSite Site { get; init; } = SteeringSite.BlockOutput;

    /// <summary>The condition on the prompt under which it acts; null for always.</summary>
    public GateSpec? Gate { get; init; }
}
