using Capvec.Numerics.Kernels;

namespace Capvec.Numerics.Tests;

public sealed unsafe class AttentionQuadTests
{
    [Theory]
    [InlineData(1, 64)]
    [InlineData(16, 64)]
    [InlineData(37, 128)]
    [InlineData(64, 256)]
    public void Four_heads_equal_the_definition_bit_for_bit(int count, int d)
    {
        var random = new Random(count + d);
        var blocks = (count + 15) / 16;
        float[] q = Values(random, 4 * d), keys = Values(random, blocks * d * 16), values = Values(random, count * d), weights = Values(random, 4 * count), start = Values(random, 4 * d);
        var scores = new float[4 * blocks * 16];
        var sums = (float[])start.Clone();
        fixed (float* pq = q, pk = keys, pv = values, pw = weights, ps = scores, po = sums)
        {
            AttentionQuad.Scores(pq, pk, ps, blocks * 16, count, d, 0.125f);
            AttentionQuad.AddWeighted(pw, count, pv, d, po, d, count, d);
        }

        for (var h = 0; h < 4; h++)
        {
            for (var t = 0; t < count; t++)
            {
                var chains = new float[4];
                for (var i = 0; i < d; i++)
                    chains[i % 4] = MathF.FusedMultiplyAdd(keys[(t / 16 * d * 16) + (i * 16) + (t % 16)], q[(h * d) + i], chains[i % 4]);
                scores[(h * blocks * 16) + t].ShouldBe((chains[0] + chains[1] + (chains[2] + chains[3])) * 0.125f);
            }

            for (var c = 0; c < d; c++)
            {
                var sum = start[(h * d) + c];
                for (var t = 0; t < count; t++)
                    sum = MathF.FusedMultiplyAdd(values[(t * d) + c], weights[(h * count) + t], sum);
                sums[(h * d) + c].ShouldBe(sum);
            }
        }
    }

    private static float[] Values(Random random, int n) => [.. Enumerable.Range(0, n).Select(_ => (float)((random.NextDouble() * 2) - 1))];
}
