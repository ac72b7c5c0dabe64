using Capvec.Engine.Interventions;
using Capvec.Engine.Loading;
using Capvec.Engine.Requests;
using Capvec.Engine.Sampling;
using Capvec.Engine.Scheduling;
using Capvec.Numerics.Kernels;
using Capvec.Tests;
using FsCheck;
using FsCheck.Fluent;

namespace Capvec.Engine.Tests.Scheduling;

/// <summary>
/// Whatever comes when and is kept or dropped in between: every request has the bits that it has alone, on an engine that shares nothing.
/// </summary>
public abstract class ScheduleTests : IDisposable
{
    private static readonly string Folder = Repository.File("tests", "fixtures", "models", "qwen35-tiny");
    private readonly Activations _activations;
    private readonly LanguageModel _model;
    private readonly LoraAdapter _adapter;
    private readonly SteeringPlan[] _plans;

    /// <param name="quantised">Whether weights are q8_0.</param>
    /// <param name="activations">What these meet.</param>
    protected ScheduleTests(bool quantised, Activations activations)
    {
        _activations = activations;
        _model = quantised ? ConvertedModel.Load(Folder, "q8_0") : LanguageModel.Load(Folder);
        _adapter = _model.LoadAdapter(Path.Combine(Folder, "lora-rs"));
        var sites = new[] { SteeringSite.BlockOutput, SteeringSite.MixerOutput, SteeringSite.MlpOutput, SteeringSite.Embedding };
        _plans =
        [
            SteeringPlan.None,
            .. Enumerable.Range(0, _model.Layers).Select(l => SteeringPlan.Add(l, Direction(l), 2 + l)),
            .. Enumerable.Range(0, _model.Layers).Select(l => SteeringPlan.Add(l, Direction(9), -3)),
            .. sites.Select(site => new SteeringPlan([new Intervention(SteeringOperation.Add, 2, Direction(20), 3, null, site)])),
            SteeringPlan.Add(1, Direction(30), 4, SteeringMask.GeneratedOnly),
            SteeringPlan.Add(2, Direction(31), 4, new SteeringMask(From: 70)),
            SteeringPlan.Add(3, Direction(32), 4, new SteeringMask(From: 10, To: 90)),
            new SteeringPlan([new Intervention(SteeringOperation.Ablate, 2, Direction(33)), new Intervention(SteeringOperation.AddKeepNorm, 4, Direction(34), 2, SteeringMask.PromptOnly)]),
            new SteeringPlan([new Intervention(SteeringOperation.Add, 1, Direction(35), 3) { Gate = new SteeringGate(3, Direction(36), GateComparison.Above, 0) }]),
            new SteeringPlan([new Intervention(SteeringOperation.Add, 3, Direction(37), 3) { Gate = new SteeringGate(2, Direction(38), GateComparison.Below, 0, GateMeasure.Cosine, GateReduction.Mean) }]),
        ];
    }

    public static TheoryData<KernelPath> Paths() => [.. KernelPaths.Supported];

    [Theory]
    [MemberData(nameof(Paths))]
    public void Every_schedule_gives_the_bits_of_each_request_alone(KernelPath path)
    {
        using var alone = new InferenceEngine(_model, new EngineOptions { Kernels = path, Activations = _activations, CacheBytes = 0 });
        var (cached, trunk, waits, evictions, cancelled) = (0L, 0L, 0L, 0L, 0);
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(40),
            Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed =>
            {
                var schedule = new Schedule(this, seed);
                using var engine = new InferenceEngine(_model, schedule.Options(path));
                cancelled += schedule.Run(engine, alone, TestContext.Current.CancellationToken);
                var counters = engine.Counters;
                counters.KeptBytes.ShouldBeLessThanOrEqualTo(engine.Options.CacheBytes);
                (cached, trunk, waits, evictions) = (cached + counters.CachedTokens, trunk + counters.TrunkLayerTokens, waits + counters.Waits, evictions + counters.Evictions);
            }));

        // The property says nothing unless all of it happened.
        new[] { cached, trunk, waits, evictions, cancelled }.ShouldAllBe(n => n > 0);
    }

    public void Dispose()
    {
        GC.SuppressFinalize(this);
        _adapter.Dispose();
        _model.Dispose();
    }

    private float[] Direction(int seed)
    {
        var random = new Random(1000 + seed);
        return [.. Enumerable.Range(0, _model.Hidden).Select(_ => (float)((random.NextDouble() * 2) - 1))];
    }

    /// <summary>Requests over a few texts with common beginnings, in rounds that arrive together.</summary>
    private sealed class Schedule(ScheduleTests test, int seed)
    {
        private readonly Random _random = new(seed);

        public EngineOptions Options(KernelPath path)
        {
            var rows = Pick(7, 33, 100, 384);
            return new EngineOptions
            {
                Kernels = path,
                Activations = test._activations,
                RowsPerStep = rows,
                MaxSequences = Math.Min(rows, Pick(1, 3, 40)),
                Threads = Pick(1, 2, 3),
                SnapshotEvery = Pick(17, 40, 64, 512),
                CacheBytes = Pick(150_000, 600_000, 3_000_000, 200_000_000),
            };
        }

        /// <summary>Runs it and compares; returns how many requests were cancelled.</summary>
        public int Run(InferenceEngine engine, InferenceEngine alone, CancellationToken cancel)
        {
            var cancelled = 0;
            using var session = engine.OpenSession();
            int[] past = [];
            for (var round = 0; round < 3; round++)
            {
                var checks = new List<Func<Task<bool>>>();
                if (Pick(true, false))
                {
                    var request = Generation() with { Prompt = [.. past, .. Text(round, 30)], Own = null, Session = session, MaxTokens = 4 };
                    var running = engine.GenerateAsync(request, cancel);
                    past = [.. request.Prompt];
                    checks.Add(async () => Same(await running, await alone.GenerateAsync(request with { Session = null }, cancel)));
                }

                for (var i = _random.Next(1, 7); i > 0; i--)
                {
                    switch (Pick(0, 1, 2, 3))
                    {
                        case 0: checks.Add(Forward(engine, alone, cancel, Pass())); break;
                        case 1: checks.AddRange(Family().Select(pass => Forward(engine, alone, cancel, pass))); break;
                        default: checks.Add(Generate(engine, alone, cancel)); break;
                    }
                }

                foreach (var check in checks)
                    cancelled += check().GetAwaiter().GetResult() ? 0 : 1;
            }

            return cancelled;
        }

        private Func<Task<bool>> Generate(InferenceEngine engine, InferenceEngine alone, CancellationToken cancel)
        {
            var request = Generation();
            var source = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            var left = Pick(-1, -1, -1, 0, 3);
            if (left == 0)
                source.Cancel();
            var running = engine.GenerateAsync(request with { OnToken = (_, _) => Count() }, source.Token);
            return async () =>
            {
                using var owned = source;
                var expected = await alone.GenerateAsync(request, cancel);
                try
                {
                    return Same(await running, expected);
                }
                catch (OperationCanceledException) when (source.IsCancellationRequested)
                {
                    return false;
                }
            };

            bool Count()
            {
                if (--left == 0)
                    source.Cancel();
                return true;
            }
        }

        private ForwardRequest Pass()
        {
            var tokens = Text(Pick(0, 0, 1), _random.Next(2, 190));
            return new ForwardRequest
            {
                Tokens = tokens,
                Own = Own(tokens.Length),
                Adapter = Adapter(),
                Steering = Pick(test._plans),
                Logits = Pick(LogitRows.None, LogitRows.Last, LogitRows.All),
                NextLogProbs = Pick(true, false),
                KeepTrunks = [.. Pick<int[]>([], [], [1, 3])],
                Score = Pick(true, false) ? new ScoreRequest { Targets = [.. Enumerable.Range(0, tokens.Length).Select(t => t >= tokens.Length / 2 && t > 0)] } : null,
                Capture = Pick(true, false) ? new CaptureRequest { Reduction = Pick(CaptureReduction.All, CaptureReduction.Last, CaptureReduction.Mean), Layers = Pick<int[]>([], [3, 4], [4], [2]) is { } layers ? [.. layers] : [], Tokens = Chosen(tokens.Length) } : null,
            };
        }

        // Plain passes that keep their trunks, then passes steered alike that part at different places and are scored after those.
        private IEnumerable<ForwardRequest> Family()
        {
            var tokens = Text(0, 189);
            var plan = Pick(test._plans);
            var members = Enumerable.Range(0, _random.Next(1, 4)).Select(_ => (Shared: _random.Next(1, 170), End: _random.Next(1, 40))).ToList();
            var texts = members.Select(m => (m.Shared, Tokens: (int[])[.. tokens[..m.Shared], .. Enumerable.Range(0, m.End).Select(_ => _random.Next(4, 160))])).ToList();
            ForwardRequest Scored(int shared, int[] text) => new() { Tokens = text, Score = new ScoreRequest { Targets = [.. text.Select((_, i) => i >= shared)] } };
            return
            [
                .. texts.Select(t => Scored(t.Shared, t.Tokens) with { KeepTrunks = [.. Enumerable.Range(0, test._model.Layers)] }),
                .. texts.Select(t => Scored(t.Shared, t.Tokens) with { Steering = plan }),
            ];
        }

        private Func<Task<bool>> Forward(InferenceEngine engine, InferenceEngine alone, CancellationToken cancel, ForwardRequest request)
        {
            var running = engine.ForwardAsync(request, cancel);
            return async () =>
            {
                var (a, b) = (await running, await alone.ForwardAsync(request, cancel));
                a.Logits.AsSpan().SequenceEqual(b.Logits).ShouldBeTrue();
                a.NextLogProbs.AsSpan().SequenceEqual(b.NextLogProbs).ShouldBeTrue();
                (a.Scores?.LogProbs).ShouldBe(b.Scores?.LogProbs);
                (a.Scores?.Entropies).ShouldBe(b.Scores?.Entropies);
                (a.Capture?.Tokens).ShouldBe(b.Capture?.Tokens);
                foreach (var (x, y) in (a.Capture?.Values ?? []).Zip(b.Capture?.Values ?? []))
                    x.AsSpan().SequenceEqual(y).ShouldBeTrue();
                return true;
            };
        }

        private GenerationRequest Generation()
        {
            var prompt = Text(Pick(0, 0, 1), Pick(150, 150, _random.Next(1, 190)));
            return new GenerationRequest
            {
                Prompt = prompt,
                Own = Own(prompt.Length),
                Adapter = Adapter(),
                Steering = Pick(test._plans),
                Sampling = new SamplingOptions { Temperature = Pick(0f, 1f), Seed = (ulong)_random.Next(3) },
                MaxTokens = _random.Next(1, 30),
                StopTokens = [3],
            };
        }

        // A beginning of one of two texts, sometimes with an end of its own.
        private int[] Text(int text, int length)
        {
            var random = new Random(text);
            var own = Pick(true, false, false) ? _random.Next(Math.Min(length, 40)) : 0;
            return [.. Enumerable.Range(0, length).Select(i => random.Next(4, 160)).ToArray()[..(length - own)], .. Enumerable.Range(0, own).Select(_ => _random.Next(4, 160))];
        }

        private bool[]? Own(int length) => Pick(true, true, false) ? null : [.. Enumerable.Range(0, length).Select(i => i / 25 % 2 == 1)];

        private bool[]? Chosen(int length) => Pick(true, false) ? null : [.. Enumerable.Range(0, length).Select(i => i >= length * 3 / 4)];

        private LoraAdapter? Adapter() => Pick(0, 0, 0, 1) == 1 ? test._adapter : null;

        private T Pick<T>(params T[] from) => from[_random.Next(from.Length)];

        private static bool Same(GenerationResult a, GenerationResult b)
        {
            a.Tokens.ShouldBe(b.Tokens);
            a.LogProbs.AsSpan().SequenceEqual(b.LogProbs).ShouldBeTrue();
            a.Finish.ShouldBe(b.Finish);
            return true;
        }
    }
}
