using Capvec.Engine.Loading;
using Capvec.Engine.Scheduling;
using Capvec.Experiments.Screening;
using Capvec.Steering.Controls;
using Capvec.Steering.Directions;
using Capvec.Tests;

namespace Capvec.Experiments.Tests.Screening;

/// <summary>Traces of one task are read together; their figures are those that each has when it is read alone.</summary>
public sealed class ScreenerTests : IDisposable
{
    private readonly LanguageModel _model = LanguageModel.Load(Repository.File("models", "phantom", "checkpoint"));
    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;

    [Fact]
    public void Each_trace_of_a_group_shares_most_with_the_one_before_it()
    {
        int[][] ids = [[1, 2, 3, 4], [1, 2, 9], [5], [1, 2, 3], [1, 2, 3, 4], [1, 2, 3, 8, 8]];
        var traces = ids.Select((tokens, i) => (i, Trace("t", tokens, Math.Min(2, tokens.Length - 1)))).ToList();
        var group = TraceGroup.Make(traces, 1000).ShouldHaveSingleItem();
        group.Members.Select(m => m.Index).ShouldBe([3, 0, 4, 5, 1, 2]);
        group.Members.Select(m => m.Shared).ShouldBe([0, 3, 4, 3, 2, 0]);
        group.Members.Select(m => m.IsNew).ShouldBe([true, true, false, true, true, true]);
        foreach (var (member, i) in group.Members.Select((m, i) => (m, i)))
            member.Shared.ShouldBe(group.Members.Take(i).Select(earlier => earlier.Trace.Ids.Zip(member.Trace.Ids).TakeWhile((p, at) => p.First == p.Second && earlier.Trace.Own[at] == member.Trace.Own[at]).Count()).DefaultIfEmpty(0).Max());
    }

    [Fact]
    public void A_group_has_no_more_positions_than_can_be_kept_unless_it_is_one_trace()
    {
        int[][] ids = [[1, 2, 3, 4], [1, 2, 3, 5, 6], [1, 2, 7], [8, 9, 9, 9, 9, 9, 9, 9, 9]];
        var traces = ids.Select((tokens, i) => (i, Trace("t", tokens, tokens.Length - 1))).ToList();
        TraceGroup.Make(traces, 6).Select(g => g.Members.Select(m => (m.Index, m.Shared)).ToArray()).ShouldBe([[(0, 0), (1, 3)], [(2, 0)], [(3, 0)]]);
        TraceGroup.Make(traces, 7).Select(g => g.Members.Select(m => (m.Index, m.Shared)).ToArray()).ShouldBe([[(0, 0), (1, 3), (2, 2)], [(3, 0)]]);
        TraceGroup.Make(traces, 0).Count.ShouldBe(4);
    }

    [Theory]
    [InlineData(256L << 20)]
    [InlineData(600_000L)] // some 70 distributions: KL at some of the tokens
    public async Task Figures_are_those_of_traces_read_alone(long referenceBytes)
    {
        var random = new Random(3);
        int[] Tokens(int count) => [.. Enumerable.Range(0, count).Select(_ => random.Next(4, 2000))];
        var start = Tokens(60);
        var middle = Tokens(30);
        int[] whole = [.. start, .. middle, .. Tokens(20)];
        int[][] texts = [[.. start, .. middle, .. Tokens(25)], [.. start, .. Tokens(40)], whole, [.. whole], [.. start, .. middle], [.. start[..40], .. Tokens(50)]];
        ScreenTrace Of(string task, int i) => Trace(task, texts[i], i == 5 ? 41 : 61, isSolved: i % 2 == 0);
        var directions = new DirectionSet([.. new[] { 2, 7 }.Select(layer => new Direction(layer, RandomDirection.Unit(_model.Hidden, 1), 10, 100))], DirectionProvenance.Unknown);
        var plan = new ScreenPlan { Strengths = [1, 3], ReferenceBytes = referenceBytes, Draws = 10 };

        async Task<ScreenResult> Screen(InferenceEngine engine, Func<int, string> task)
        {
            var done = new List<int>();
            var screener = new Screener(engine, [.. texts.Select((_, i) => Of(task(i), i))], directions, null, plan);
            var result = await screener.RunAsync("made up", done.Add, _cancel);
            (done[^1], screener.Passes).ShouldBe((24, 24));
            return result;
        }

        using var shared = new InferenceEngine(_model);
        using var alone = new InferenceEngine(_model, new EngineOptions { CacheBytes = 0 });
        var (together, apart) = (await Screen(shared, _ => "one"), await Screen(alone, i => $"task {i}"));
        shared.RowsComputed.ShouldBeLessThan(alone.RowsComputed / 2);
        foreach (var point in together.Points)
        {
            var other = apart.Points.Single(p => (p.Layer, p.Strength) == (point.Layer, point.Strength));
            (point.Effect, point.EffectiveTraces, point.Solved, point.Failed).ShouldBe((other.Effect, other.EffectiveTraces, other.Solved, other.Failed));
            point.EntropyChange.ShouldBe(other.EntropyChange);
            point.NormGrowth.ShouldBe(other.NormGrowth, 1e-12);
            point.Openings.ShouldBe(other.Openings);
            if (referenceBytes > 1 << 20)
                point.Kl.ShouldBe(other.Kl);
        }

        var tokens = texts.Select((_, i) => Of("t", i).OwnTokens).Sum();
        apart.Tokens.ShouldBe(tokens);
        together.KlTokens.ShouldBeInRange(referenceBytes > 1 << 20 ? tokens : 12, referenceBytes > 1 << 20 ? tokens : tokens / 2);
    }

    public void Dispose() => _model.Dispose();

    private static ScreenTrace Trace(string task, int[] ids, int firstOwn, bool isSolved = true) =>
        new("made up", task, isSolved, [.. ids], [.. ids.Select((_, i) => i >= firstOwn)], [new ScreenReply(firstOwn, ids.Length, ["loop"])]);
}
