using Capvec.Engine.Batching;
using Capvec.Engine.Layers;
using Capvec.Engine.Network;
using Capvec.Numerics.Kernels;
using Capvec.Numerics.Memory;
using Capvec.Numerics.Threading;
using FsCheck;
using FsCheck.Fluent;

namespace Capvec.Engine.Tests.Network;

/// <summary>The delta rule, which goes through its matrices in strips and a group of tokens at a time, against its definition in float64.</summary>
public sealed class DeltaRuleTests
{
    private const int Tokens = 75;

    // Two value heads a key, rows of keys that are no multiple of a register, columns that are no multiple of a strip.
    private static readonly ModelConfig Shape = new()
    {
        Family = "test",
        Hidden = 32,
        Intermediate = 32,
        Vocabulary = 1,
        Heads = 1,
        KvHeads = 1,
        HeadDim = 16,
        RotaryFrequencies = [],
        KeyHeads = 2,
        ValueHeads = 4,
        KeyDim = 21,
        ValueDim = 40,
        ConvKernel = 4,
        NormEpsilon = 1e-6f,
        MaxPositions = 1000,
        TiedEmbeddings = true,
        FullAttention = [false],
        StopTokens = [],
    };

    /// <summary>Decays close to 1, in the middle, so strong that nothing is left of the token before (products of them are 0 in float32), and some of each.</summary>
    [Theory]
    [InlineData(0.001)]
    [InlineData(1.0)]
    [InlineData(200.0)]
    [InlineData(null)]
    public void What_it_gives_is_what_the_definition_gives(double? strength)
    {
        var projected = Projected();
        float[] strengths = strength is { } s ? [.. Enumerable.Repeat((float)s, 4)] : [0.001f, 200, 1, 20];
        var expected = Defined(projected, strengths);
        var given = Run(projected, strengths, [Tokens]);
        for (var i = 0; i < given.Length; i++)
            ((double)given[i]).ShouldBe(expected[i], 1e-4, $"element {i}");
    }

    [Fact]
    public void In_whatever_pieces_it_runs_the_bits_are_the_same()
    {
        var projected = Projected();
        float[] strengths = [0.01f, 5, 0.3f, 1];
        var whole = Run(projected, strengths, [Tokens]);
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(40), Prop.ForAll(Gen.NonEmptyListOf(Gen.Choose(1, 20)).ToArbitrary(), pieces => Run(projected, strengths, Cut(pieces)).ShouldBe(whole)));
    }

    // The pieces again and again until all tokens have gone.
    private static List<int> Cut(IList<int> pieces)
    {
        var cut = new List<int>();
        for (var left = Tokens; left > 0; left -= cut[^1])
            cut.Add(Math.Min(left, pieces[cut.Count % pieces.Count]));
        return cut;
    }

    private static float[] Projected()
    {
        var random = new Random(3);
        return [.. Enumerable.Range(0, Tokens * DeltaRuleMixer.ProjectionWidth(Shape)).Select(_ => (float)((random.NextDouble() * 4) - 2))];
    }

    private static unsafe float[] Run(float[] projected, float[] strengths, IReadOnlyList<int> pieces)
    {
        var width = DeltaRuleMixer.ProjectionWidth(Shape);
        var mixed = new float[Tokens * Shape.ValueHeads * Shape.ValueDim];
        using var pool = new WorkerPool(2);
        using var context = new ForwardContext(pool, KernelPaths.Supported[^1], Activations.Float32);
        using var mixer = new DeltaRuleMixer(Shape);
        using var memory = new StateMemory(new StateLayout(Shape));
        using var taps = new NativeBuffer<float>(Shape.ConvKernel * Shape.ConvDim);
        using var norm = new NativeBuffer<float>(Shape.ValueDim);
        Taps().CopyTo(taps.Span);
        norm.Span.Fill(1);
        var block = new Block
        {
            InputNorm = null!, MlpNorm = null!, MixerIn = null!, MixerOut = null!, MlpIn = null!, MlpOut = null!,
            ConvTaps = taps, GatedNorm = norm, NegativeA = [.. strengths.Select(s => -s)], DtBias = new float[strengths.Length],
        };
        var state = new SequenceState(memory);
        var position = 0;
        fixed (float* x = projected, y = mixed)
        {
            foreach (var count in pieces)
            {
                var slice = new Slice { State = state, Row = 0, Position = position, Count = count };
                context.Batch = new StepBatch(count);
                context.Batch.Add(slice, new int[count], new int[count]);
                context.Batch.Enter(0);
                state.Reserve(0, position, position + count);
                mixer.Run(context, block, 0, x + (position * width), y + (position * Shape.ValueHeads * Shape.ValueDim), [slice]);
                position += count;
            }
        }

        state.Clear();
        return mixed;
    }

    private static float[] Taps()
    {
        var random = new Random(5);
        return [.. Enumerable.Range(0, Shape.ConvKernel * Shape.ConvDim).Select(_ => (float)(random.NextDouble() - 0.3))];
    }

    private static double[] Defined(float[] projected, float[] strengths)
    {
        var (c, width) = (Shape, DeltaRuleMixer.ProjectionWidth(Shape));
        var taps = Taps();
        var s = new double[c.ValueHeads, c.KeyDim, c.ValueDim];
        var mixed = new double[Tokens * c.ValueHeads * c.ValueDim];
        for (var t = 0; t < Tokens; t++)
        {
            double Input(int channel) => Silu(Enumerable.Range(0, c.ConvKernel).Sum(tap => t - c.ConvKernel + 1 + tap < 0 ? 0 : projected[((t - c.ConvKernel + 1 + tap) * width) + channel] * (double)taps[(tap * c.ConvDim) + channel]));
            double Gate(int index) => projected[(t * width) + c.ConvDim + index];
            for (var head = 0; head < c.ValueHeads; head++)
            {
                var keyHead = head / (c.ValueHeads / c.KeyHeads);
                var q = Unit([.. Enumerable.Range(0, c.KeyDim).Select(i => Input((keyHead * c.KeyDim) + i))], 1 / Math.Sqrt(c.KeyDim));
                var k = Unit([.. Enumerable.Range(0, c.KeyDim).Select(i => Input(((c.KeyHeads + keyHead) * c.KeyDim) + i))], 1);
                var beta = 1 / (1 + Math.Exp(-Gate((c.ValueHeads * c.ValueDim) + head)));
                var decay = Math.Exp(-strengths[head] * Math.Log(1 + Math.Exp(Gate((c.ValueHeads * c.ValueDim) + c.ValueHeads + head))));
                var o = new double[c.ValueDim];
                for (var j = 0; j < c.ValueDim; j++)
                {
                    var held = 0.0;
                    for (var i = 0; i < c.KeyDim; i++)
                        held += (s[head, i, j] *= decay) * k[i];
                    var update = beta * (Input((2 * c.KeyHeads * c.KeyDim) + (head * c.ValueDim) + j) - held);
                    for (var i = 0; i < c.KeyDim; i++)
                        o[j] += (s[head, i, j] += k[i] * update) * q[i];
                }

                var scale = 1 / Math.Sqrt((o.Sum(v => v * v) / c.ValueDim) + c.NormEpsilon);
                for (var j = 0; j < c.ValueDim; j++)
                    mixed[(((t * c.ValueHeads) + head) * c.ValueDim) + j] = o[j] * scale * Silu(Gate((head * c.ValueDim) + j));
            }
        }

        return mixed;
    }

    private static double[] Unit(double[] x, double scale)
    {
        var length = Math.Sqrt(x.Sum(v => v * v) + 1e-6);
        return [.. x.Select(v => v / length * scale)];
    }

    private static double Silu(double x) => x / (1 + Math.Exp(-x));
}
