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

    /// <summary>
    /// The predicted effect: by how much of 1 steering raises the solved traces' share, when each trace counts as much more as it has become more likely as a whole
    /// (importance weights <c>p_steered / p_plain</c> over the agent's tokens, normalised): the change of the pass rate of a model that solves as often as the traces do.
    /// </summary>
    public required double Effect { get; init; }

    /// <summary>95% of the effect, by drawing tasks.</summary>
    public required Interval EffectInterval { get; init; }

    /// <summary>How many traces the weighted ones are worth, <c>(sum w)^2 / sum w^2</c>; where it is small, the effect hangs on a few traces.</summary>
    public required double EffectiveTraces { get; init; }

    /// <summary>Change of the log-likelihood of the agent's own tokens in solved traces, in nats a token: the mean over traces of each trace's mean.</summary>
    public required double Solved { get; init; }

    /// <summary>The same in failed traces.</summary>
    public required double Failed { get; init; }

    /// <summary>95% of <see cref="Solved"/> less <see cref="Failed"/>, by drawing tasks.</summary>
    public required Interval DifferenceInterval { get; init; }

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
