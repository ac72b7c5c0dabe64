using Capvec.Server.Chat;
using FsCheck;
using FsCheck.Fluent;

namespace Capvec.Server.Tests;

public sealed class StopMatcherTests
{
    [Theory]
    [InlineData("one two three", "two", "one ")]
    [InlineData("one two three", "four", "one two three")]
    [InlineData("aab", "ab", "a")]
    [InlineData("stop", "stop", "")]
    [InlineData("nearly sto", "stop", "nearly sto")]
    public void The_reply_ends_before_the_stop_text(string reply, string stop, string given) =>
        Run(reply, [stop], [1, 2, 3]).ShouldBe((given, given.Length < reply.Length));

    [Fact]
    public void Of_two_stop_texts_that_end_together_the_longer_counts() => Run("say abcd", ["cd", "abcd"], [3]).ShouldBe(("say ", true));

    [Fact]
    public void The_stop_text_that_is_complete_first_counts() => Run("abcd", ["abcd", "bc"], [4]).ShouldBe(("a", true));

    [Fact]
    public void How_the_reply_is_cut_into_pieces_makes_no_difference()
    {
        // Two letters make stop texts that overlap themselves and each other likely.
        var letters = Gen.Elements('a', 'b');
        var text = letters.ArrayOf().Select(x => new string(x));
        var stops = letters.NonEmptyListOf().Select(x => new string([.. x.Take(4)])).ListOf(2);
        var cuts = Gen.Choose(1, 4).ListOf(3);
        var cases = from t in text from s in stops from c in cuts select (t, s: s.ToList(), c: c.ToList());
        Prop.ForAll(cases.ToArbitrary(), one => Run(one.t, one.s, one.c).ShouldBe(Run(one.t, one.s, [1]))).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void What_is_given_out_never_has_to_be_taken_back()
    {
        var matcher = new StopMatcher(["<end>"]);
        matcher.Push("text <e").ShouldBe("text ");
        matcher.Push("n").ShouldBe("");
        matcher.Push("d!").ShouldBe("<end!");
        matcher.Push(" <end>").ShouldBe(" ");
        matcher.Stopped.ShouldBeTrue();
        matcher.Push("more").ShouldBe("");
    }

    private static (string Given, bool Stopped) Run(string reply, IReadOnlyList<string> stops, IReadOnlyList<int> lengths)
    {
        var matcher = new StopMatcher(stops);
        var given = "";
        for (var (at, i) = (0, 0); at < reply.Length; i++)
        {
            var length = Math.Min(lengths[i % lengths.Count], reply.Length - at);
            given += matcher.Push(reply.Substring(at, length));
            at += length;
        }

        return (given + matcher.Finish(), matcher.Stopped);
    }
}
