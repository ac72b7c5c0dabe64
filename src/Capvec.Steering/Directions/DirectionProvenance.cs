using System.Collections.Immutable;

namespace Capvec.Steering.Directions;

/// <summary>Where a direction set comes from. What is null is not known, and is shown as unknown.</summary>
public sealed record DirectionProvenance
{
    /// <summary>Nothing is known.</summary>
    public static DirectionProvenance Unknown { get; } = new();

    /// <summary>Hash of the model whose residuals it was made from.</summary>
    public string? ModelHash { get; init; }

    /// <summary>How it was estimated, such as <c>mean-difference</c>.</summary>
    public string? Estimator { get; init; }

    /// <summary>Which token positions were read and how they were reduced, such as <c>mean over the agent's tokens</c>.</summary>
    public string? Positions { get; init; }

    /// <summary>What is set against what, in words, such as <c>base solved minus base failed</c>.</summary>
    public string? Contrast { get; init; }

    /// <summary>What adding the direction moves towards, such as <c>positives minus negatives: towards solved</c>.</summary>
    public string? Sign { get; init; }

    /// <summary>Ids of the traces it was made from.</summary>
    public ImmutableArray<string> TrainingTraces { get; init; } = [];

    /// <summary>When it was made.</summary>
    public DateTimeOffset? Created { get; init; }

    /// <summary>The version of Capvec that made it.</summary>
    public string? CapvecVersion { get; init; }

    /// <summary>Whether the directions were published to be taken out (GLP's <c>project</c>), and must not be added.</summary>
    public bool IsForAblation { get; init; }

    /// <summary>The names of what is not known; empty when all is.</summary>
    public IReadOnlyList<string> Missing
    {
        get
        {
            (string Name, bool Known)[] all =
            [
                ("model", ModelHash is not null), ("estimator", Estimator is not null), ("positions", Positions is not null), ("contrast", Contrast is not null),
                ("sign", Sign is not null), ("training traces", !TrainingTraces.IsDefaultOrEmpty), ("date", Created is not null), ("version", CapvecVersion is not null),
            ];
            return [.. all.Where(x => !x.Known).Select(x => x.Name)];
        }
    }
}
