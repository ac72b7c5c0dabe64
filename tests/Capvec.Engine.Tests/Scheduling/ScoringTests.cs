using Capvec.Engine.Interventions;
using Capvec.Engine.Loading;
using Capvec.Engine.Requests;
using Capvec.Engine.Scheduling;
using Capvec.Formats.Errors;
using Capvec.Numerics.Kernels;
using Capvec.Tests;

namespace Capvec.Engine.Tests.Scheduling;

/// <summary>Tokens that are scored as the rows of logits come, against the logits themselves; and trunks that are kept for arms to come.</summary>
public sealed class ScoringTests : IDisposable
{
    // Sums of 160 float32 terms of size up to 10: some 10 roundings of 6e-7 on the way.
    private const double SumTolerance = 1e-5;
    private const int Length = 120;

    private readonly LanguageModel _model = LanguageModel.Load(Repository.File("tests", "fixtures", "models", "qwen35-tiny"));
    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Log_probabilities_are_those_of_the_logits_entropy_and_divergence_too()
    {
        using var engine = new InferenceEngine(_model);
        var (tokens, targets) = (Tokens(1, Length), Targets(Length));
        var plain = await engine.ForwardAsync(new ForwardRequest { Tokens = tokens, Logits = LogitRows.All, NextLogProbs = true, Score = new ScoreRequest { Targets = targets, KeepRows = int.MaxValue } }, _cancel);
        var steered = await engine.ForwardAsync(
            new ForwardRequest { Tokens = tokens, Logits = LogitRows.All, NextLogProbs = true, Steering = SteeringPlan.Add(2, Direction(4), 3), Score = new ScoreRequest { Targets = targets, Reference = plain.Scores!.Kept } }, _cancel);

        var scores = steered.Scores!;
        scores.Targets.ShouldBe(Enumerable.Range(0, Length).Where(t => targets[t]));
        scores.Kept.ShouldBeNull();
        plain.Scores.Divergences.ShouldBeEmpty();
        for (var i = 0; i < scores.Targets.Length; i++)
        {
            var row = scores.Targets[i] - 1;
            scores.LogProbs[i].ShouldBe(steered.NextLogProbs[row]);
            var (p, q) = (LogSoftmax(plain.Logits, row), LogSoftmax(steered.Logits, row));
            ((double)scores.Entropies[i]).ShouldBe(-q.Sum(l => Math.Exp(l) * l), SumTolerance);
            ((double)scores.Divergences[i]).ShouldBe(p.Zip(q, (a, b) => Math.Exp(a) * (a - b)).Sum(), SumTolerance);
        }

        scores.Divergences.Max().ShouldBeGreaterThan(0.01f);
    }

    [Fact]
    public async Task A_pass_that_changes_nothing_diverges_by_exactly_nothing()
    {
        using var engine = new InferenceEngine(_model);
        var (tokens, targets) = (Tokens(1, Length), Targets(Length));
        var plain = await engine.ForwardAsync(new ForwardRequest { Tokens = tokens, Score = new ScoreRequest { Targets = targets, KeepRows = 10 } }, _cancel);
        var same = await engine.ForwardAsync(new ForwardRequest { Tokens = tokens, Steering = SteeringPlan.Add(1, Direction(2), 0), Score = new ScoreRequest { Targets = targets, Reference = plain.Scores!.Kept } }, _cancel);
        same.Scores!.LogProbs.ShouldBe(plain.Scores.LogProbs);
        same.Scores.Divergences.Count(float.IsNaN).ShouldBe(same.Scores.Targets.Length - 10);
        same.Scores.Divergences.Where(float.IsFinite).ShouldAllBe(x => x == 0);
        plain.Scores.Kept!.Targets.Count.ShouldBe(10);
        plain.Scores.Kept.Targets.ShouldBeSubsetOf(plain.Scores.Targets);
        plain.Logits.ShouldBeEmpty();
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task Arms_that_come_after_a_pass_that_kept_its_trunks_compute_the_blocks_above_only_with_the_same_bits(KernelPath path)
    {
        using var engine = new InferenceEngine(_model, new EngineOptions { Kernels = path });
        using var alone = new InferenceEngine(_model, new EngineOptions { Kernels = path, CacheBytes = 0 });
        int[] layers = [0, 1, 2, 3, 4];
        // The second text begins like the first; the third was begun by a request that kept no trunks.
        var begun = Tokens(9, Length);
        await engine.ForwardAsync(new ForwardRequest { Tokens = [.. begun, 1] }, _cancel);
        foreach (var tokens in new[] { Tokens(1, Length), [.. Tokens(1, 80), .. Tokens(3, 40)], [.. begun, .. Tokens(4, 30)] })
        {
            var targets = Targets(tokens.Length);
            var plain = await engine.ForwardAsync(new ForwardRequest { Tokens = tokens, KeepTrunks = [.. layers], Score = new ScoreRequest { Targets = targets, KeepRows = tokens.Length } }, _cancel);
            foreach (var layer in layers)
            {
                var before = engine.Counters.TrunkLayerTokens;
                var arm = new ForwardRequest
                {
                    Tokens = tokens,
                    Steering = SteeringPlan.Add(layer, Direction(layer), 2),
                    Score = new ScoreRequest { Targets = targets, Reference = plain.Scores!.Kept },
                    Capture = new CaptureRequest { Layers = [layer], Reduction = CaptureReduction.Lengths, Tokens = targets },
                };
                var (shared, anew) = (await engine.ForwardAsync(arm, _cancel), await alone.ForwardAsync(arm, _cancel));
                (engine.Counters.TrunkLayerTokens - before).ShouldBe((layer + 1) * tokens.Length);
                shared.Scores!.LogProbs.ShouldBe(anew.Scores!.LogProbs);
                shared.Scores.Entropies.ShouldBe(anew.Scores.Entropies);
                shared.Scores.Divergences.ShouldBe(anew.Scores.Divergences);
                shared.Capture!.Values[0].ShouldBe(anew.Capture!.Values[0]);
            }
        }
    }

    [Fact]
    public async Task Lengths_are_those_of_the_rows()
    {
        using var engine = new InferenceEngine(_model);
        var (tokens, targets) = (Tokens(1, Length), Targets(Length));
        var capture = new CaptureRequest { Layers = [1, 4], Reduction = CaptureReduction.All, Tokens = targets };
        var rows = (await engine.ForwardAsync(new ForwardRequest { Tokens = tokens, Capture = capture }, _cancel)).Capture!;
        var lengths = (await engine.ForwardAsync(new ForwardRequest { Tokens = tokens, Capture = capture with { Reduction = CaptureReduction.Lengths } }, _cancel)).Capture!;
        (lengths.Rows, lengths.Tokens).ShouldBe((rows.Rows, rows.Rows));
        for (var layer = 0; layer < 2; layer++)
            lengths.Values[layer].ShouldBe(rows.Values[layer].Chunk(_model.Hidden).Select(row => (float)Math.Sqrt(row.Sum(x => (double)x * x))));
    }

    [Fact]
    public async Task Wrong_requests_get_one_line()
    {
        using var engine = new InferenceEngine(_model);
        async Task<string> Message(ScoreRequest score) => (await Should.ThrowAsync<CapvecException>(() => engine.ForwardAsync(new ForwardRequest { Tokens = [1, 2, 3], Score = score }, _cancel))).Message;
        (await Message(new ScoreRequest { Targets = [false, true] })).ShouldContain("2 entries for 3 tokens");
        (await Message(new ScoreRequest { Targets = [false, false, false] })).ShouldContain("mark at least one");
        (await Message(new ScoreRequest { Targets = [true, false, false] })).ShouldContain("nothing comes before");
        using var other = LanguageModel.Load(Repository.File("models", "phantom", "checkpoint"));
        using var others = new InferenceEngine(other);
        var foreign = await others.ForwardAsync(new ForwardRequest { Tokens = [1, 2, 3], Score = new ScoreRequest { Targets = [false, true, true], KeepRows = 2 } }, _cancel);
        (await Message(new ScoreRequest { Targets = [false, true, true], Reference = foreign.Scores!.Kept })).ShouldContain("rows of 2048 tokens, the model's vocabulary has 160");
        (await Should.ThrowAsync<CapvecException>(() => engine.ForwardAsync(new ForwardRequest { Tokens = [1, 2], KeepTrunks = [5] }, _cancel))).Message.ShouldContain("blocks 0 to 4");
    }

    public static TheoryData<KernelPath> Paths => [.. KernelPaths.Supported];

    public void Dispose() => _model.Dispose();

    private static double[] LogSoftmax(float[] logits, int row)
    {
        var values = logits.AsSpan(row * 160, 160).ToArray().Select(x => (double)x).ToArray();
        var max = values.Max();
        var normaliser = max + Math.Log(values.Sum(x => Math.Exp(x - max)));
        return [.. values.Select(x => x - normaliser)];
    }

    private static bool[] Targets(int length) => [.. Enumerable.Range(0, length).Select(t => t >= length - 15 && t % 7 != 0)];

    private float[] Direction(int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, _model.Hidden).Select(_ => (float)(random.NextDouble() - 0.5))];
    }

    private static int[] Tokens(int seed, int count)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(4, 160))];
    }
}
