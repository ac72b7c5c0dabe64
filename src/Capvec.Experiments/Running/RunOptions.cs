namespace Capvec.Experiments.Running;

/// <summary>What a run does of a study. None of it changes a result.</summary>
public sealed record RunOptions
{
    /// <summary>The last step done; earlier ones that are not finished are done before it.</summary>
    public RunStep Until { get; init; } = RunStep.Sweep;

    /// <summary>Runs the trials again whose infrastructure failed (reward null); else they stay as they are.</summary>
    public bool RetryNulls { get; init; }

    /// <summary>Trials at the same time, instead of the study's figure; null keeps it.</summary>
    public int? Concurrency { get; init; }

    /// <summary>Threads that compute, instead of the study's figure; null keeps it.</summary>
    public int? Threads { get; init; }

    /// <summary>Told the share of the model that is loaded, 0 to 1; what it throws ends the run.</summary>
    public IProgress<double>? Loading { get; init; }
}
