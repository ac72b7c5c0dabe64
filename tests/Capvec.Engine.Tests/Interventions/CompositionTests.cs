using Capvec.Engine.Interventions;
using Capvec.Engine.Loading;
using Capvec.Engine.Requests;
using Capvec.Engine.Scheduling;
using Capvec.Tests;
using FsCheck;
using FsCheck.Fluent;

namespace Capvec.Engine.Tests.Interventions;

/// <summary>Where interventions act, and in which order, for any masks, schedules and lists: against definitions worked out row by row.</summary>
public sealed class CompositionTests : IDisposable
{
    private const int Layer = 2;
    private const int Count = 24;
    private readonly LanguageModel _model = LanguageModel.Load(Repository.File("tests", "fixtures", "models", "qwen35-tiny"));
    private readonly InferenceEngine _engine;
    private readonly int[] _tokens;

    public CompositionTests()
    {
        _engine = new InferenceEngine(_model);
        var random = new Random(3);
        _tokens = [.. Enumerable.Range(0, Count).Select(_ => random.Next(4, _model.Vocabulary))];
    }

    [Fact]
    public void A_mask_and_a_schedule_hold_where_their_words_say() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(60),
        Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed =>
        {
            var random = new Random(seed);
            bool[] own = [.. Enumerable.Range(0, Count).Select(_ => random.Next(3) > 0)];
            var (prompt, generated) = random.Next(3) switch { 0 => (true, false), 1 => (false, true), _ => (true, true) };
            var from = random.Next(Count);
            var mask = new SteeringMask(prompt, generated, from, random.Next(2) == 0 ? int.MaxValue : from + random.Next(1, Count));
            var first = random.Next(4);
            var schedule = new SteeringSchedule { From = first, To = random.Next(2) == 0 ? int.MaxValue : first + random.Next(1, 6), Every = random.Next(1, 4), HalfLife = random.Next(2) == 0 ? double.PositiveInfinity : 1.5 };
            var u = Unit(seed % 7);
            var plain = Rows(SteeringPlan.None, own);
            var steered = Rows(new SteeringPlan([new Intervention(SteeringOperation.Add, Layer, u, 4, mask) { Schedule = schedule }]), own);
            for (var (i, reply) = (0, -1); i < Count; i++)
            {
                reply = own[i] ? reply + 1 : -1;
                var acts = (own[i] ? generated : prompt) && i >= mask.From && i < mask.To
                    && (reply < 0 || (reply >= schedule.From && reply < schedule.To && (reply - schedule.From) % schedule.Every == 0));
                var expected = !acts ? 0 : reply < 0 || double.IsPositiveInfinity(schedule.HalfLife) ? 4 : 4 * Math.Pow(0.5, (reply - schedule.From) / schedule.HalfLife);
                var moved = steered[i].Zip(plain[i]).Select(p => (double)p.First - p.Second).ToArray();
                moved.Zip(u).Sum(p => p.First * p.Second).ShouldBe(expected, 1e-4, $"position {i}");
                if (!acts)
                    steered[i].ShouldBe(plain[i]);
            }
        }));

    [Fact]
    public void Interventions_of_one_site_act_in_the_order_of_the_list() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(40),
        Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed =>
        {
            var random = new Random(seed);
            Intervention[] list = [.. Enumerable.Range(0, random.Next(2, 5)).Select(_ => RandomIntervention(random))];
            var plain = Rows(SteeringPlan.None, null);
            var steered = Rows(new SteeringPlan([.. list]), null);
            for (var i = 0; i < Count; i++)
            {
                double[] row = [.. plain[i]];
                foreach (var intervention in list)
                    row = Apply(intervention, row);
                // float32 rows of length about 10 changed a few times, each change rounded to 2^-24 of them.
                steered[i].Zip(row).ShouldAllBe(p => Math.Abs(p.First - p.Second) < 1e-4);
            }
        }));

    public void Dispose()
    {
        _engine.Dispose();
        _model.Dispose();
    }

    private static double[] Apply(Intervention i, double[] h)
    {
        var v = i.Direction.ToArray();
        var length = Math.Sqrt(v.Sum(x => (double)x * x));
        var p = h.Zip(v).Sum(x => x.First * x.Second) / length;
        double[] Along(double amount) => [.. h.Zip(v).Select(x => x.First + (amount * x.Second / length))];
        switch (i.Operation)
        {
            case SteeringOperation.Add:
                return Along(i.Strength * length);
            case SteeringOperation.Ablate:
                return Along(-p);
            case SteeringOperation.Affine:
                return Along(i.Strength - p);
            case SteeringOperation.Clamp:
                return Along(Math.Clamp(p, i.Range.Low, i.Range.High) - p);
            default:
                var turned = Along(i.Strength * length);
                var scale = Math.Sqrt(h.Sum(x => x * x) / turned.Sum(x => x * x));
                return [.. turned.Select(x => x * scale)];
        }
    }

    private Intervention RandomIntervention(Random random)
    {
        var operation = (SteeringOperation)random.Next(Enum.GetValues<SteeringOperation>().Length);
        var v = Unit(random.Next(6)).Select(x => x * (0.5f + random.NextSingle())).ToArray();
        return operation == SteeringOperation.Clamp
            ? new Intervention(operation, Layer, v) { Range = new(-1, random.NextSingle()) }
            : new Intervention(operation, Layer, v, (random.NextSingle() * 8) - 4);
    }

    private float[][] Rows(SteeringPlan plan, bool[]? own) =>
    [
        .. _engine.ForwardAsync(
            new ForwardRequest { Tokens = _tokens, Own = own, Steering = plan, Capture = new CaptureRequest { Layers = [Layer], Reduction = CaptureReduction.All } },
            TestContext.Current.CancellationToken).GetAwaiter().GetResult().Capture!.Values[0].Chunk(_model.Hidden),
    ];

    private float[] Unit(int seed)
    {
        var random = new Random(seed);
        var v = Enumerable.Range(0, _model.Hidden).Select(_ => (random.NextDouble() * 2) - 1).ToArray();
        var length = Math.Sqrt(v.Sum(x => x * x));
        return [.. v.Select(x => (float)(x / length))];
    }
}
