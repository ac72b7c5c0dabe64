using System.Reflection;
using Capvec.Formats.Errors;
using Capvec.Steering.Activations;
using Capvec.Steering.Directions;

namespace Capvec.Steering.Estimation;

/// <summary>Makes a direction set with any estimator: its weights, times the rows.</summary>
public static class DirectionFit
{
    /// <summary>The direction of every layer of a set.</summary>
    /// <param name="set">Captured rows with labels.</param>
    /// <param name="estimator">How.</param>
    /// <param name="sign">What adding the direction moves towards; "positives minus negatives" when null.</param>
    /// <param name="time">Gives the date of creation.</param>
    /// <exception cref="CapvecException">The rows have no such direction.</exception>
    public static DirectionSet Fit(ActivationSet set, IDirectionEstimator estimator, string? sign = null, TimeProvider? time = null)
    {
        var directions = new Direction[set.Layers.Length];
        Layerwise.For(directions.Length, i => directions[i] = Fit(set, set.Layers[i], estimator));
        return new DirectionSet(directions, new DirectionProvenance
        {
            ModelHash = set.ModelHash,
            Estimator = estimator.Name,
            Positions = set.Positions,
            Contrast = set.Contrast,
            Sign = sign ?? "positives minus negatives",
            TrainingTraces = [.. set.Traces.Select(t => t.Id)],
            Created = (time ?? TimeProvider.System).GetUtcNow(),
            CapvecVersion = Version,
        });
    }

    /// <summary>The direction of one layer. Its margin is the mean projection of the positives minus that of the negatives, whatever the estimator.</summary>
    /// <exception cref="CapvecException">The rows have no such direction.</exception>
    public static Direction Fit(ActivationSet set, int layer, IDirectionEstimator estimator)
    {
        if (estimator.IsMeanDifference())
            return MeanDifference.Fit(set, layer);
        double[] weights;
        try
        {
            weights = estimator.Weights(TrainingRows.Of(set, layer));
        }
        catch (CapvecException e)
        {
            throw new CapvecException($"layer {layer}: {e.Message}", e, e.ExitCode);
        }

        var index = set.IndexOf(layer);
        var (n, hidden) = (set.Traces.Length, set.Hidden);
        var mean = new double[hidden];
        var sum = new double[hidden];
        var norms = 0.0;
        for (var i = 0; i < n; i++)
        {
            var row = set.Row(i, index);
            norms += Direction.Length(row);
            for (var k = 0; k < hidden; k++)
                mean[k] += row[k] / (double)n;
        }

        for (var i = 0; i < n; i++)
        {
            var row = set.Row(i, index);
            for (var k = 0; k < hidden; k++)
                sum[k] += weights[i] * (row[k] - mean[k]);
        }

        for (var k = 0; k < hidden; k++)
            sum[k] += weights[n] * mean[k];
        var length = Math.Sqrt(sum.Sum(x => x * x));
        if (!(length > 0))
            throw new CapvecException($"the estimator {estimator.Name} finds no direction at layer {layer}: the sum of its rows is zero.");
        var unit = new Direction(layer, [.. sum.Select(x => (float)(x / length))]);
        var sides = Enumerable.Range(0, n).ToLookup(i => set.Traces[i].IsPositive, i => unit.Project(set.Row(i, index)));
        return new Direction(layer, unit.Unit, sides[true].Average() - sides[false].Average(), norms / n);
    }

    /// <summary>This assembly's version, for provenance.</summary>
    internal static string Version { get; } = typeof(DirectionFit).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "unknown";
}
