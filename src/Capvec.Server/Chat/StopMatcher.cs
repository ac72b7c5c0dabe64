using System.Text;

namespace Capvec.Server.Chat;

/// <summary>
/// Finds stop texts in a reply that comes in pieces. The stop text that is complete first ends the reply, the longer one of two that
/// end together; how the reply is cut into pieces makes no difference. Text that may be the beginning of a stop text is held back.
/// </summary>
internal sealed class StopMatcher(IReadOnlyList<string> stops)
{
    private readonly StringBuilder _held = new();

    /// <summary>Whether a stop text was met; nothing follows it.</summary>
    public bool Stopped { get; private set; }

    /// <summary>Adds a piece.</summary>
    /// <returns>The text that is certain by now; it ends before a stop text.</returns>
    public string Push(string piece)
    {
        if (Stopped || piece.Length == 0)
            return "";
        if (stops.Count == 0)
            return piece;
        _held.Append(piece);
        var text = _held.ToString();

        var (start, end) = (-1, int.MaxValue);
        foreach (var stop in stops)
        {
            var at = text.IndexOf(stop, StringComparison.Ordinal);
            if (at >= 0 && (at + stop.Length < end || (at + stop.Length == end && at < start)))
                (start, end) = (at, at + stop.Length);
        }

        if (start >= 0)
        {
            Stopped = true;
            _held.Clear();
            return text[..start];
        }

        var certain = stops.Min(stop => BeginningAtEnd(text, stop));
        _held.Remove(0, certain);
        return text[..certain];
    }

    /// <summary>The end of the reply: what was held back is certain now.</summary>
    public string Finish()
    {
        var text = _held.ToString();
        _held.Clear();
        return text;
    }

    /// <summary>Where the text's end begins to spell the stop text, or the text's length.</summary>
    private static int BeginningAtEnd(string text, string stop)
    {
        for (var at = Math.Max(0, text.Length - stop.Length + 1); at < text.Length; at++)
        {
            if (stop.AsSpan().StartsWith(text.AsSpan(at), StringComparison.Ordinal))
                return at;
        }

        return text.Length;
    }
}
