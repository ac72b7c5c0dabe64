using Capvec.Formats.Errors;
using Capvec.Text.Stopping;
using FsCheck;
using FsCheck.Fluent;

namespace Capvec.Text.Tests.Stopping;

public class StopTextTests
{
    // Few letters make overlaps and near misses common.
    private static readonly Gen<string> Letters = Gen.Elements('a', 'b', '<').ListOf().Select(letters => new string([.. letters]));

    private static readonly Arbitrary<(string[] Pieces, string[] Stops)> Streams =
        (from pieces in Letters.ListOf()
         from stops in Letters.Where(stop => stop.Length is > 0 and < 6).ListOf()
         select (pieces.ToArray(), stops.Take(3).ToArray())).ToArbitrary();

    [Fact]
    public void The_text_given_out_ends_where_the_first_stop_string_begins() => Prop.ForAll(Streams, stream =>
    {
        var (given, met) = Run(stream.Pieces, stream.Stops);
        var (expected, stop) = Expected(string.Concat(stream.Pieces), stream.Stops);
        return given == expected && met == stop;
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void How_the_stream_is_cut_does_not_matter() => Prop.ForAll(Streams, stream =>
        Run(stream.Pieces, stream.Stops) == Run([string.Concat(stream.Pieces)], stream.Stops)
        && Run(stream.Pieces, stream.Stops) == Run([.. string.Concat(stream.Pieces).Select(letter => letter.ToString())], stream.Stops)).QuickCheckThrowOnFailure();

    [Fact]
    public void Only_what_may_begin_a_stop_string_is_held_back() => Prop.ForAll(Streams, stream =>
    {
        var watcher = new StopText(stream.Stops);
        var given = "";
        var pushed = "";
        foreach (var piece in stream.Pieces)
        {
            given += watcher.Push(piece);
            pushed += piece;
            if (watcher.Met is not null)
                return true;
            var held = pushed[given.Length..];
            if (!pushed.StartsWith(given, StringComparison.Ordinal) || (held.Length > 0 && !stream.Stops.Any(stop => stop.Length > held.Length && stop.StartsWith(held, StringComparison.Ordinal))))
                return false;
        }

        return true;
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Without_stop_strings_everything_passes_at_once()
    {
        var watcher = new StopText([]);
        watcher.Push("<|im").ShouldBe("<|im");
        watcher.Finish().ShouldBe("");
    }

    [Fact]
    public void A_beginning_that_comes_to_nothing_is_given_out_late()
    {
        var watcher = new StopText(["</answer>"]);
        watcher.Push("x</ans").ShouldBe("x");
        watcher.Push("wers").ShouldBe("</answers");
        watcher.Push("</answ").ShouldBe("");
        watcher.Finish().ShouldBe("</answ");
        watcher.Met.ShouldBeNull();
    }

    [Fact]
    public void An_empty_stop_string_is_refused() => Should.Throw<CapvecException>(() => new StopText(["a", ""])).Message.ShouldContain("stop string is empty");

    private static (string Given, string? Met) Run(string[] pieces, string[] stops)
    {
        var watcher = new StopText(stops);
        var given = string.Concat(pieces.Select(watcher.Push));
        return (given + watcher.Finish(), watcher.Met);
    }

    // The stop string that is complete first, and of several complete at one place the longest.
    private static (string, string?) Expected(string text, string[] stops)
    {
        for (var end = 1; end <= text.Length; end++)
        {
            if (stops.Where(stop => text[..end].EndsWith(stop, StringComparison.Ordinal)).MaxBy(stop => stop.Length) is { } met)
                return (text[..(end - met.Length)], met);
        }

        return (text, null);
    }
}
