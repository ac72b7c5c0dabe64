using Capvec.Reports.Figures;
using Capvec.Reports.Markup;
using Capvec.Reports.Transcripts;

namespace Capvec.Reports.Pages;

/// <summary>One turn of two conversations side by side: replies with the words that differ marked, commands, and what the terminal showed.</summary>
internal static class TurnPair
{
    // What a page shows of one text; the whole of it is in the trace file, which the page names.
    private const int MostCharacters = 6000;

    /// <summary>The two cells of the turn; null where a conversation had already ended.</summary>
    public static Html Of(int index, TranscriptTurn? left, TranscriptTurn? right, string leftArm, string rightArm)
    {
        var (leftReply, rightReply, note) = Replies(left, right);
        return Html.Of($"{Cell(index, leftArm, left, right, leftReply, note, "del", "")}{Cell(index, rightArm, right, left, rightReply, note, "ins", " right")}");
    }

    /// <summary>Text as it stands, shortened where it is very long.</summary>
    public static Html Block(string text) => Html.Of($"""<pre class="long">{Shorten(text)}</pre>""");

    private static Html Cell(int index, string arm, TranscriptTurn? turn, TranscriptTurn? other, Html reply, string note, string tag, string side)
    {
        if (turn is null)
            return Html.Of($"""<div class="turn absent{side}"><h5>Turn {index + 1}<span class="whose"> · {arm}</span></h5>The conversation had ended.</div>""");
        var same = other?.Commands.ToHashSet(StringComparer.Ordinal) ?? [];
        var commands = turn.Commands.Select(c => other is null || same.Contains(c)
            ? Html.Of($"<li>{Keys(c)}</li>")
            : Html.Of($"<li><{tag}>{Keys(c)}</{tag}></li>"));
        var list = turn.Commands.Count == 0 ? Html.Of($"""<p class="field muted">No command.</p>""") : Html.Of($"""<ul class="commands" aria-label="Commands">{commands}</ul>""");
        var done = turn.Done ? Html.Of($"""<p class="field">Marks the task complete.</p>""") : Html.Empty;
        var tokens = turn.TokenIds.Count > 0 ? $" · {Show.Count(turn.TokenIds.Count, "token")}" : "";
        if (turn.LogProbability is { } logProbability)
            tokens += $", ln p {Show.Significant(logProbability)}";
        var marks = turn.Marks.Count == 0 && turn.ParseError is null
            ? Html.Empty
            : Html.Of($"""<p class="field marked">{string.Join(", ", turn.Marks)}{(turn.ParseError is null ? "" : $": {turn.ParseError}")}</p>""");
        var terminal = turn.Terminal.Length == 0 ? Html.Empty : Html.Of($"<pre>{Shorten(turn.Terminal)}</pre>");
        return Html.Of($"""<div class="turn{side}"><h5>Turn {index + 1}<span class="whose"> · {arm}</span>{tokens}{note}</h5>{marks}{reply}{list}{done}{terminal}</div>""");
    }

    private static (Html Left, Html Right, string Note) Replies(TranscriptTurn? left, TranscriptTurn? right)
    {
        if (left is null || right is null)
            return (Plain(left), Plain(right), "");
        if (left.Reply == right.Reply)
            return (Plain(left), Plain(right), " · the same reply");
        if (left.Fields.Count > 0 != right.Fields.Count > 0)
            return (Plain(left), Plain(right), " · only one of the two replies can be read");
        if (left.Fields.Count == 0)
        {
            var raw = WordDiff.Of(Shorten(left.Reply), Shorten(right.Reply));
            return (Raw(raw.Left), Raw(raw.Right), raw.Marked ? "" : " · replies have little in common");
        }

        var fields = left.Fields.Zip(right.Fields, (l, r) => (l.Key, Diff: WordDiff.Of(Shorten(l.Value), Shorten(r.Value)))).ToList();
        return (Html.Join(fields.Select(f => Field(f.Key, f.Diff.Left))), Html.Join(fields.Select(f => Field(f.Key, f.Diff.Right))),
            fields.Exists(f => f.Diff.Marked) ? "" : " · replies have little in common");
    }

    private static Html Plain(TranscriptTurn? turn) => turn is null
        ? Html.Empty
        : turn.Fields.Count > 0 ? Html.Join(turn.Fields.Select(f => Field(f.Key, Html.Text(Shorten(f.Value))))) : Raw(Html.Text(Shorten(turn.Reply)));

    private static Html Raw(Html text) => Html.Of($"""<p class="field mono"><span class="label">reply as written</span>{text}</p>""");

    private static Html Field(string name, Html text) => Html.Of($"""<p class="field"><span class="label">{name}</span>{text}</p>""");

    // The newline that runs a command is not shown; other keys are.
    private static string Keys(string keystrokes) => Shorten(keystrokes.EndsWith('\n') ? keystrokes[..^1] : keystrokes);

    private static string Shorten(string text)
    {
        if (text.Length <= MostCharacters)
            return text;
        var end = char.IsHighSurrogate(text[MostCharacters - 1]) ? MostCharacters - 1 : MostCharacters;
        return $"{text[..end]}\n… {Show.Count(text.Length - end)} more characters are in the trace file.";
    }
}
