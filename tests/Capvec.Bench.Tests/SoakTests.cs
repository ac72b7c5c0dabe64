using System.Collections.Immutable;
using Capvec.Engine.Loading;
using Capvec.Engine.Requests;
using Capvec.Numerics.Kernels;
using Capvec.Soak;
using Capvec.Tests;

namespace Capvec.Bench.Tests;

public sealed class SoakTests
{
    private static readonly GenerationResult Reply = new([1, 2], [-0.5f, -0.25f], FinishReason.Length, -1, 3, 0);

    [Fact]
    public async Task A_short_run_compares_results_and_finds_none_wrong()
    {
        using var model = LanguageModel.Load(Repository.File("models", "phantom", "checkpoint"));
        var adapter = model.LoadAdapter(Repository.File("models", "phantom", "adapters", "sft"));
        using var run = new SoakRun(model, new RequestMaker(model, [adapter], 5), clients: 6, Activations.Int16);
        var told = 0;
        await run.ForAsync(TimeSpan.FromSeconds(4), TimeSpan.Zero, TimeSpan.FromSeconds(1), () => told++);
        run.Wrong.ShouldBeEmpty();
        run.Compared.ShouldBeGreaterThan(0);
        told.ShouldBeGreaterThan(0);
        run.Memory.End.ShouldBeGreaterThan(0);
    }

    [Fact]
    public void Requests_follow_from_the_seed()
    {
        using var model = LanguageModel.Load(Repository.File("models", "phantom", "checkpoint"));
        static string Text(SoakRequest r) => r.Generation is { } g
            ? $"{string.Join(' ', g.Prompt)} {g.Steering.Fingerprint} {g.Sampling} {g.MaxTokens} {r.CancelAfter}"
            : $"{string.Join(' ', r.Forward!.Tokens)} {r.Forward.Steering.Fingerprint} {r.CancelAfter}";
        string[] Some(ulong seed)
        {
            var maker = new RequestMaker(model, [], seed);
            return [.. Enumerable.Range(0, 50).Select(_ => Text(maker.Next()))];
        }

        Some(1).ShouldBe(Some(1));
        Some(1).ShouldNotBe(Some(2));
    }

    [Fact]
    public void A_reply_that_differs_in_anything_but_the_cache_is_seen()
    {
        ResultComparison.Difference(Reply, Reply with { CachedTokens = 2 }).ShouldBeNull();
        ResultComparison.Difference(Reply, Reply with { Tokens = [1, 3] }).ShouldBe("tokens [1 2], alone [1 3]");
        ResultComparison.Difference(Reply, Reply with { LogProbs = [-0.5f, MathF.BitIncrement(-0.25f)] }).ShouldBe("log-probabilities");
        ResultComparison.Difference(Reply, Reply with { StopToken = 7 }).ShouldBe("why it ended");
    }

    [Fact]
    public void A_pass_that_differs_in_one_bit_of_logits_or_captures_is_seen()
    {
        var pass = Pass(2f, 4f);
        ResultComparison.Difference(pass, Pass(2f, 4f)).ShouldBeNull();
        ResultComparison.Difference(pass, Pass(MathF.BitIncrement(2f), 4f)).ShouldBe("logits");
        ResultComparison.Difference(pass, Pass(2f, MathF.BitIncrement(4f))).ShouldBe("captured rows");
        ResultComparison.Difference(pass, pass with { Capture = null }).ShouldBe("whether something was captured");

        static ForwardResult Pass(float logit, float captured) => new([1f, logit], [], new CaptureResult([0], 1, 1, ImmutableArray.Create<float[]>([3f, captured])));
    }
}
