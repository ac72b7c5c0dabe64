using Capvec.Steering.Activations;

namespace Capvec.Steering.Tests.Data;

/// <summary>Synthetic activations with known answers.</summary>
internal static class Noise
{
    /// <summary>Gaussian rows around <paramref name="offset"/> on the first axis; positives are moved by <paramref name="shift"/> along the second axis of layer 1 and up.</summary>
    public static ActivationSet Make(int seed, int positives, int negatives, int hidden = 8, int layers = 1, double shift = 0, double offset = 0, int groups = 4)
    {
        var random = new Random(seed);
        var n = positives + negatives;
        var values = new float[n * layers * hidden];
        for (var i = 0; i < n; i++)
        {
            for (var l = 0; l < layers; l++)
            {
                var row = values.AsSpan(((i * layers) + l) * hidden, hidden);
                for (var k = 0; k < hidden; k++)
                    row[k] = (float)Gauss(random);
                row[0] += (float)offset;
                if (i < positives && (l > 0 || layers == 1))
                    row[1] += (float)shift;
            }
        }

        return new ActivationSet(values, Enumerable.Range(0, n).Select(i => new ActivationTrace($"t{i}", $"task{i % groups}", i < positives)), Enumerable.Range(0, layers), hidden);
    }

    public static double Gauss(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
