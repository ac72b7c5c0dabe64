using Capvec.Engine.Interventions;
using Capvec.Engine.Loading;
using Capvec.Engine.Requests;
using Capvec.Engine.Scheduling;
using Capvec.Formats.Errors;
using Capvec.Tests;

namespace Capvec.Engine.Tests.Scheduling;

/// <summary>What each operation does to the residual stream, read from captures, and that schedules follow the tokens of a reply.</summary>
public sealed class InterventionTests : IDisposable
{
    private const int Layer = 2;
    private const int Count = 30;
    private readonly LanguageModel _model = LanguageModel.Load(Repository.File("tests", "fixtures", "models", "qwen35-tiny"));
    private readonly InferenceEngine _engine;
    private readonly float[] _direction;

    public InterventionTests()
    {
        _engine = new InferenceEngine(_model);
        _direction = Direction(1);
    }

    [Fact]
    public async Task A_clamp_keeps_projections_in_its_range_and_leaves_rows_that_are_in_it_bit_for_bit()
    {
        var plain = await Rows(SteeringPlan.None);
        var sorted = plain.Select(Projection).Order().ToArray();
        var range = new SteeringRange((float)sorted[Count / 3], (float)sorted[2 * Count / 3]);
        var clamped = await Rows(new SteeringPlan([new Intervention(SteeringOperation.Clamp, Layer, _direction) { Range = range }]));
        var untouched = 0;
        for (var i = 0; i < Count; i++)
        {
            var p = Projection(plain[i]);
            Projection(clamped[i]).ShouldBe(Math.Clamp(p, range.Low, range.High), 1e-4);
            Complement(clamped[i]).Zip(Complement(plain[i])).ShouldAllBe(pair => Math.Abs(pair.First - pair.Second) < 1e-4);
            if (p > range.Low + 1e-4 && p < range.High - 1e-4)
            {
                untouched++;
                clamped[i].ShouldBe(plain[i]);
            }
        }

        untouched.ShouldBeInRange(1, Count - 1);
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(-3.5f)]
    [InlineData(20f)]
    public async Task Affine_puts_its_strength_in_place_of_the_projection_and_leaves_the_complement(float strength)
    {
        var plain = await Rows(SteeringPlan.None);
        var moved = await Rows(new SteeringPlan([new Intervention(SteeringOperation.Affine, Layer, _direction, strength)]));
        for (var i = 0; i < Count; i++)
        {
            Projection(moved[i]).ShouldBe(strength, 1e-4);
            Complement(moved[i]).Zip(Complement(plain[i])).ShouldAllBe(pair => Math.Abs(pair.First - pair.Second) < 1e-4);
        }
    }

    [Fact]
    public async Task A_norm_keeping_addition_keeps_the_norm()
    {
        var plain = await Rows(SteeringPlan.None);
        var turned = await Rows(new SteeringPlan([new Intervention(SteeringOperation.AddKeepNorm, Layer, _direction, 6)]));
        for (var i = 0; i < Count; i++)
        {
            Length(turned[i]).ShouldBe(Length(plain[i]), 1e-4 * Length(plain[i]));
            Projection(turned[i]).ShouldBeGreaterThan(Projection(plain[i]));
        }
    }

    [Fact]
    public async Task A_schedule_acts_on_the_tokens_of_each_reply_that_it_names_and_fades()
    {
        // Two replies, of 8 and 9 tokens, and prompt before each.
        var reply = Enumerable.Range(0, Count).Select(i => i is >= 4 and < 12 ? i - 4 : i >= 15 && i < 24 ? i - 15 : -1).ToArray();
        bool[] own = [.. reply.Select(r => r >= 0)];
        var schedule = new SteeringSchedule { From = 1, To = 8, Every = 3, HalfLife = 3 };
        var plain = await Rows(SteeringPlan.None, own);
        var steered = await Rows(new SteeringPlan([new Intervention(SteeringOperation.Add, Layer, _direction, 8, SteeringMask.GeneratedOnly) { Schedule = schedule }]), own);
        for (var i = 0; i < Count; i++)
        {
            // 1, 4 and 7: the whole strength, a half, a quarter.
            var expected = reply[i] switch { 1 => 8.0, 4 => 4, 7 => 2, _ => 0 };
            (Projection(steered[i]) - Projection(plain[i])).ShouldBe(expected, 1e-4);
        }

        var masks = new[] { (1, 8f), (4, 4f), (7, 2f) }.SelectMany(t => new[] { 4, 15 }.Select(first => new Intervention(
            SteeringOperation.Add, Layer, _direction, t.Item2, new SteeringMask(From: first + t.Item1, To: first + t.Item1 + 1))));
        var byPosition = await Rows(new SteeringPlan([.. masks]), own);
        for (var i = 0; i < Count; i++)
            steered[i].ShouldBe(byPosition[i]);
    }

    [Fact]
    public async Task A_schedule_shares_exactly_what_it_leaves_alone()
    {
        using var sharing = new InferenceEngine(_model, new EngineOptions { SnapshotEvery = 16 });
        using var apart = new InferenceEngine(_model, new EngineOptions { CacheBytes = 0, RowsPerStep = 7, MaxSequences = 7 });
        foreach (var schedule in new[] { new SteeringSchedule { From = 3 }, new SteeringSchedule { To = 3 }, new SteeringSchedule { Every = 4, HalfLife = 2.5 }, SteeringSchedule.Always })
        {
            foreach (var operation in new[] { SteeringOperation.Add, SteeringOperation.Affine, SteeringOperation.AddKeepNorm })
            {
                var request = new GenerationRequest
                {
                    Prompt = Tokens(40),
                    Own = [.. Enumerable.Range(0, 40).Select(i => i is >= 20 and < 30)],
                    Steering = new SteeringPlan([new Intervention(operation, 1, _direction, 5, SteeringMask.GeneratedOnly) { Schedule = schedule }]),
                    MaxTokens = 12,
                };
                var shared = await sharing.GenerateAsync(request, TestContext.Current.CancellationToken);
                var alone = await apart.GenerateAsync(request, TestContext.Current.CancellationToken);
                shared.Tokens.ShouldBe(alone.Tokens);
                shared.LogProbs.ShouldBe(alone.LogProbs);
            }
        }

        // All begin with 20 positions that nothing changes; the state after 16 of them is kept, and one of the twelve computes them.
        sharing.Counters.CachedTokens.ShouldBeGreaterThanOrEqualTo(11 * 16);
    }

    [Fact]
    public void The_fingerprint_covers_range_and_schedule()
    {
        Intervention[] plans =
        [
            new(SteeringOperation.Clamp, Layer, _direction), new(SteeringOperation.Clamp, Layer, _direction) { Range = new(0, 1) },
            new(SteeringOperation.Clamp, Layer, _direction) { Range = new(0, 2) }, new(SteeringOperation.Add, Layer, _direction, 1), new(SteeringOperation.Affine, Layer, _direction, 1),
            .. new[] { new SteeringSchedule { From = 1 }, new SteeringSchedule { To = 2 }, new SteeringSchedule { Every = 2 }, new SteeringSchedule { HalfLife = 2 } }
                .Select(s => new Intervention(SteeringOperation.Add, Layer, _direction, 1) { Schedule = s }),
        ];
        plans.Select(p => new SteeringPlan([p]).Fingerprint).Distinct().Count().ShouldBe(plans.Length);
    }

    [Fact]
    public void What_an_operation_cannot_use_is_refused()
    {
        Should.Throw<CapvecException>(() => new Intervention(SteeringOperation.Add, 1, _direction, 1) { Range = new(0, 1) }).Message.ShouldContain("belongs to clamp");
        Should.Throw<CapvecException>(() => new Intervention(SteeringOperation.Ablate, 1, _direction) { Schedule = new() { HalfLife = 2 } }).Message.ShouldContain("half-life");
        Should.Throw<CapvecException>(() => new SteeringRange(2, 1)).Message.ShouldContain("lower end first");
        Should.Throw<CapvecException>(() => new SteeringSchedule { Every = 0 }).Message.ShouldContain("every 0 tokens");
    }

    public void Dispose()
    {
        _engine.Dispose();
        _model.Dispose();
    }

    private static double Length(float[] row) => Math.Sqrt(row.Sum(x => (double)x * x));

    private double Projection(float[] row) => row.Zip(_direction).Sum(p => (double)p.First * p.Second);

    private double[] Complement(float[] row)
    {
        var p = Projection(row);
        return [.. row.Zip(_direction).Select(x => x.First - (p * x.Second))];
    }

    private async Task<float[][]> Rows(SteeringPlan plan, bool[]? own = null)
    {
        var result = await _engine.ForwardAsync(
            new ForwardRequest { Tokens = Tokens(Count), Own = own, Steering = plan, Capture = new CaptureRequest { Layers = [Layer], Reduction = CaptureReduction.All } },
            TestContext.Current.CancellationToken);
        return [.. result.Capture!.Values[0].Chunk(_model.Hidden)];
    }

    private int[] Tokens(int count)
    {
        var random = new Random(7);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(4, _model.Vocabulary))];
    }

    private float[] Direction(int seed)
    {
        var random = new Random(seed);
        var v = Enumerable.Range(0, _model.Hidden).Select(_ => (random.NextDouble() * 2) - 1).ToArray();
        var length = Math.Sqrt(v.Sum(x => x * x));
        return [.. v.Select(x => (float)(x / length))];
    }
}
