using System.Text;
using Capvec.Formats.Errors;

namespace Capvec.Text.Stopping;

/// <summary>
/// Watches streamed text for stop strings. Text that may be the beginning of one is held back until it is sure; of a stop string that is
/// met nothing is given out. However the text is cut into pieces, the same text comes out. Not thread-safe; one for each stream.
/// </summary>
public sealed class StopText
{
    private readonly string[] _stops;
    private readonly StringBuilder _held = new();

    /// <summary>Watches for these strings; with none, all text passes at once.</summary>
    /// <exception cref="CapvecException">One of them is empty: it would be met everywhere.</exception>
    public StopText(IEnumerable<string> stops)
    {
        ArgumentNullException.ThrowIfNull(stops);
        _stops = [.. stops.Distinct(StringComparer.Ordinal)];
        if (_stops.Any(string.IsNullOrEmpty))
            throw new CapvecException("a stop string is empty, so it would end every reply at once; leave it out", exitCode: CapvecException.WrongUsage);
    }

    /// <summary>The stop string that has been met, or null. Where several are met at one place, it is the longest that was complete.</summary>
    public string? Met { get; private set; }

    /// <summary>Takes the next piece of the stream.</summary>
    /// <returns>The text that can be given out now; may be empty. After a stop string nothing comes any more.</returns>
    public string Push(string piece)
    {
        ArgumentNullException.ThrowIfNull(piece);
        if (Met is not null)
            return "";

        // One character at a time, so that the outcome cannot depend on how the stream was cut.
        var given = new StringBuilder();
        foreach (var character in piece)
        {
            _held.Append(character);
            var held = _held.ToString();
            if (LongestStopAtEnd(held) is { } stop)
            {
                Met = stop;
                given.Append(held, 0, held.Length - stop.Length);
                _held.Clear();
                break;
            }

            var keep = LongestBeginningAtEnd(held);
            given.Append(held, 0, held.Length - keep);
            _held.Remove(0, held.Length - keep);
        }

        return given.ToString();
    }

    /// <summary>What was held back, at the end of a stream that met no stop string.</summary>
    public string Finish()
    {
        var rest = _held.ToString();
        _held.Clear();
        return rest;
    }

    private string? LongestStopAtEnd(string text) =>
        _stops.Where(stop => text.EndsWith(stop, StringComparison.Ordinal)).MaxBy(stop => stop.Length);

    /// <summary>The length of the longest end of the text that a stop string begins with.</summary>
    private int LongestBeginningAtEnd(string text)
    {
        var longest = 0;
        foreach (var stop in _stops)
        {
            for (var length = Math.Min(stop.Length - 1, text.Length); length > longest; length--)
            {
                if (text.AsSpan(text.Length - length).SequenceEqual(stop.AsSpan(0, length)))
                    longest = length;
            }
        }

        return longest;
    }
}
