using Capvec.Experiments.Results;

namespace Capvec.Experiments.Screening;

/// <summary>What steering at one layer and strength does to traces that are read again, without a trial.</summary>
public sealed record ScreenPoint
{
    /// <summary>0-based block.</summary>
    public required int Layer { get; init; }

    /// <summary>In the screen's unit.</summary>
    public required double Strength { get; init; }

    /// <summary>In residual units of the unit direction.</summary>
    public required double Alpha { get; init; }

    /// <summary>Change of the log-likelihood of the agent's own tokens in solved traces, in nats a token: the mean over traces of each trace's mean.</summary>
    public required double Solved { get; init; }

    /// <summary>The same in failed traces.</summary>
    public required double Failed { get; init; }

    /// <summary>The predicted effect: <see cref="Solved"/> less <see cref="Failed"/>.</summary>
    public required double Effect { get; init; }

    /// <summary>95% of the effect, by drawing tasks.</summary>
    public required Interval EffectInterval { get; init; }

    /// <summary>Mean KL(plain || steered) over the agent's tokens, in nats a token.</summary>
    public required double Kl { get; init; }

    /// <summary>Mean change of the entropy of the distributions that the agent's tokens are drawn from, in nats.</summary>
    public required double EntropyChange { get; init; }

    /// <summary>Mean length of the layer's residual stream at the agent's tokens, steered against plain, less 1.</summary>
    public required double NormGrowth { get; init; }

    /// <summary>By failure mark: the openings of failed traces' replies that bear it.</summary>
    public required SortedDictionary<string, OpeningChange> Openings { get; init; }

    /// <summary>Whether an effect is seen (the interval lies above 0) while KL stays within the bound: then it may be proposed.</summary>
    public required bool InWindow { get; init; }
}
