using Capvec.Experiments.Screening;

namespace Capvec.Experiments.Results;

/// <summary>Everything a report shows, computed from the store and the files of a study's output folder.</summary>
public sealed record StudyResults
{
    /// <summary>The study's name.</summary>
    public required string Name { get; init; }

    /// <summary>The question it asks.</summary>
    public required string Question { get; init; }

    /// <summary>The study file as it was run.</summary>
    public required string Yaml { get; init; }

    /// <summary>Absolute output folder.</summary>
    public required string Folder { get; init; }

    /// <summary>Name of the strength's unit: "residual", "difference" (length of the mean difference) or "norm" (mean residual norm).</summary>
    public required string StrengthUnit { get; init; }

    /// <summary>Facts for the reader: model, its hash, tasks, attempts, seed, machine, versions, times; in order of showing.</summary>
    public required IReadOnlyList<KeyValuePair<string, string>> Facts { get; init; }

    /// <summary>The answer.</summary>
    public required Verdict Verdict { get; init; }

    /// <summary>Arms of all stages, base first.</summary>
    public required IReadOnlyList<ArmResult> Arms { get; init; }

    /// <summary>Layers by number.</summary>
    public required IReadOnlyList<LayerRank> Ranking { get; init; }

    /// <summary>What the best direction has to do with other facts about the traces; null where it was not looked at.</summary>
    public AuditResult? Audit { get; init; }

    /// <summary>How the contrast was made, in words: what the positives and negatives are, which estimator and positions.</summary>
    public required string Contrast { get; init; }

    /// <summary>Every trial.</summary>
    public required IReadOnlyList<TrialRow> Trials { get; init; }

    /// <summary>Tasks that no trial of any arm passed, with the number of trials.</summary>
    public required IReadOnlyList<KeyValuePair<string, int>> NeverPassed { get; init; }

    /// <summary>The comparison of refusals, where the verdict is about them; else null.</summary>
    public RefusalResult? Refusals { get; init; }

    /// <summary>What each arm of the test did on each group of tasks; empty where tasks have no groups.</summary>
    public IReadOnlyList<GroupOutcome> Groups { get; init; } = [];

    /// <summary>What the screen found, or null where the study has none (yet).</summary>
    public ScreenResult? Screen { get; init; }

    /// <summary>How the screen agrees with the trials, or null where it cannot be told.</summary>
    public ScreenAgreement? ScreenAgreement { get; init; }

    /// <summary>Name of the test arm that the verdict is about, or null where there is none yet.</summary>
    public string? Candidate { get; init; }
}
