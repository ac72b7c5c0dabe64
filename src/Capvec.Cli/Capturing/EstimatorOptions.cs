using System.CommandLine;
using Capvec.Cli.Options;
using Capvec.Steering.Activations;
using Capvec.Steering.Estimation;

namespace Capvec.Cli.Capturing;

/// <summary>The options that say how a direction is made of rows.</summary>
internal sealed class EstimatorOptions
{
    private readonly Option<string> _estimator = new("--estimator")
    {
        Description = $"How directions are estimated: {string.Join(", ", DirectionEstimators.Names)} (docs/directions.md).",
        DefaultValueFactory = _ => MeanDifference.Name,
        HelpName = "NAME",
    };

    private readonly Option<double?> _ridge = NumberOptions.Optional<double>("--ridge", "Penalty of the logistic estimator, in units of the rows' mean squared length.", 1e-9, 1e9);
    private readonly Option<string[]> _orthogonal = new("--orthogonal-to")
    {
        Description = "What is taken out of the direction: neutral (the negatives' mean), arm, or a measure such as turns.", HelpName = "WHAT", AllowMultipleArgumentsPerToken = true,
    };

    private readonly Option<double?> _winsorise = NumberOptions.Optional<double>("--winsorise", "Draw in numbers beyond this quantile of each row's magnitudes first, such as 0.995.", 0.5, 0.999999);
    private readonly Option<ulong?> _shuffle = NumberOptions.Optional<ulong>("--shuffle-labels", "A control: deal the labels out again with this seed.", 0, ulong.MaxValue);

    /// <summary>Makes the options.</summary>
    public EstimatorOptions() => _estimator.AcceptOnlyFromAmong([.. DirectionEstimators.Names]);

    /// <summary>Adds them to a command.</summary>
    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _estimator, _ridge, _orthogonal, _winsorise, _shuffle })
            command.Options.Add(option);
    }

    /// <summary>The estimator that is asked for.</summary>
    public IDirectionEstimator Make(ParseResult arguments, ulong seed) =>
        DirectionEstimators.Make(arguments.GetValue(_estimator)!, arguments.GetValue(_ridge), arguments.GetValue(_orthogonal), seed);

    /// <summary>The rows as the estimator shall see them.</summary>
    public ActivationSet Prepare(ParseResult arguments, ActivationSet set)
    {
        if (arguments.GetValue(_winsorise) is { } quantile)
            set = set.Winsorised(quantile);
        return arguments.GetValue(_shuffle) is { } seed ? set.ShuffledLabels(seed) : set;
    }
}
