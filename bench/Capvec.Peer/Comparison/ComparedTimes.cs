using Capvec.Engine.Benchmarks;

namespace Capvec.Peer.Comparison;

/// <summary>Median times of two sides and how they compare.</summary>
/// <param name="Work">What was done.</param>
/// <param name="First">Median seconds of the first side.</param>
/// <param name="Second">Median seconds of the second side.</param>
/// <param name="Ratio">Median over the runs of second over first: above 1 the first side is faster.</param>
/// <param name="Lowest">The lowest ratio of a run.</param>
/// <param name="Highest">The highest ratio of a run.</param>
internal sealed record ComparedTimes(ComparedWork Work, double First, double Second, double Ratio, double Lowest, double Highest)
{
    /// <summary>Runs both sides in turn, the order changing from run to run, after a run that does not count; <paramref name="cold"/> leaves that one out.</summary>
    public static async Task<ComparedTimes> MeasureAsync(ComparedWork work, int firstSeed, bool cold = false)
    {
        var (first, second) = (new List<double>(), new List<double>());
        for (var run = cold ? 1 : 0; run <= work.Runs; run++)
        {
            var seed = firstSeed + run;
            double a, b;
            if (run % 2 == 0)
            {
                a = await work.First(seed);
                b = await work.Second(seed);
            }
            else
            {
                b = await work.Second(seed);
                a = await work.First(seed);
            }

            if (run == 0)
                continue;
            first.Add(a);
            second.Add(b);
        }

        var ratios = first.Zip(second, (a, b) => b / a).ToArray();
        return new ComparedTimes(work, EngineTimer.Median(first), EngineTimer.Median(second), EngineTimer.Median(ratios), ratios.Min(), ratios.Max());
    }
}
