using System.Globalization;
using Capvec.Formats.Errors;
using Capvec.Text.Templates;

namespace Capvec.Agents.Traces;

/// <summary>
/// Finds what the agent wrote inside a conversation's rendered text. Searching for it would mistake a short or empty reply for any other
/// text, so the conversation is rendered a second time with a mark in place of each reply: what stands between the marks is the
/// template's, and the replies are what remains of the first text.
/// </summary>
internal static class OwnText
{
    private const string ThoughtStart = "<think>";
    private const string ThoughtEnd = "</think>";

    /// <summary>The ranges of the rendered text that the agent wrote, in order: each reply with the stop token that follows it.</summary>
    /// <param name="messages">The conversation.</param>
    /// <param name="render">Messages to text.</param>
    /// <param name="stops">The stop tokens' texts.</param>
    /// <returns>The rendered text and the ranges.</returns>
    /// <exception cref="CapvecException">The template shows a reply otherwise than it was said.</exception>
    public static (string Text, List<Range> Own) Find(IReadOnlyList<ChatMessage> messages, Func<IReadOnlyList<ChatMessage>, string> render, IReadOnlyList<string> stops)
    {
        var text = render(messages);
        var own = new List<Range>();
        if (messages.All(m => m.Role != "assistant"))
            return (text, own);
        var mark = UnusedCharacter(messages);
        var replies = messages.Index().Where(m => m.Item.Role == "assistant").Select(m => (m.Index, Parts: PartsOf(m.Item.Content, mark, m.Index))).ToList();
        var marked = messages.ToList();
        foreach (var (index, parts) in replies)
            marked[index] = marked[index] with { Content = string.Join(ThoughtEnd, parts.Select(p => p.Mark)) };
        var frame = render(marked);
        int at = 0, from = 0;
        foreach (var (index, parts) in replies)
        {
            var start = -1;
            foreach (var part in parts)
            {
                var here = frame.IndexOf(part.Mark, from, StringComparison.Ordinal);
                if (here < 0)
                    continue; // The template leaves this out.
                if (from == 0 && !text.AsSpan().StartsWith(frame.AsSpan(0, here), StringComparison.Ordinal))
                    throw NotAsSaid(index);
                at += here - from;
                from = here + part.Mark.Length;
                var next = frame.IndexOf(mark, from);
                var length = LengthOf(part.Said, text, at, frame.AsSpan(from, (next < 0 ? frame.Length : next) - from), isLast: next < 0);
                if (length < 0)
                    throw NotAsSaid(index);
                start = start < 0 ? at : start;
                at += length;
            }

            if (start < 0)
                continue;
            var stop = stops.FirstOrDefault(s => string.CompareOrdinal(text, at, s, 0, s.Length) == 0) ?? "";
            own.Add(start..(at + stop.Length));
        }

        return (text, own);
    }

    /// <summary>
    /// A reply's parts: what it thought, where it holds "&lt;/think&gt;", and what it said; each with the mark that stands for it and the ways in which a
    /// template may show it. Templates trim both, and show the thought of the last reply only, or of none.
    /// </summary>
    private static List<(string Mark, string[] Said)> PartsOf(string content, char mark, int index)
    {
        // Digits only: what a template does to letters must not hide a mark.
        string MarkOf(int part) => string.Create(CultureInfo.InvariantCulture, $"{mark}{index}.{part}{mark}");
        var thought = content.LastIndexOf(ThoughtEnd, StringComparison.Ordinal);
        if (thought < 0)
            return [(MarkOf(1), [content, content.Trim()])];
        var thinks = content[..thought];
        var opening = thinks.LastIndexOf(ThoughtStart, StringComparison.Ordinal);
        var said = content[(thought + ThoughtEnd.Length)..];
        return [(MarkOf(0), [thinks, thinks.Trim(), opening < 0 ? thinks.Trim() : thinks[(opening + ThoughtStart.Length)..].Trim()]), (MarkOf(1), [said, said.Trim()])];
    }

    private static CapvecException NotAsSaid(int message) => new(
        $"the chat template writes message {message + 1}, a reply, otherwise than the agent said it, so its tokens cannot be told; use a template that keeps replies as they are.");

    /// <summary>Length of a part as it stands at a place of the text, followed by what the template has next; -1 where it does not.</summary>
    private static int LengthOf(string[] ways, string text, int at, ReadOnlySpan<char> next, bool isLast)
    {
        foreach (var said in ways)
        {
            if (at > text.Length || !text.AsSpan(at).StartsWith(said, StringComparison.Ordinal))
                continue;
            var rest = text.AsSpan(at + said.Length);
            if (isLast ? rest.SequenceEqual(next) : rest.StartsWith(next, StringComparison.Ordinal))
                return said.Length;
        }

        return -1;
    }

    /// <summary>A character of the private use area that no message holds.</summary>
    private static char UnusedCharacter(IReadOnlyList<ChatMessage> messages)
    {
        for (var c = '\uE000'; c < '\uF8FF'; c++)
        {
            if (messages.All(m => !m.Content.Contains(c, StringComparison.Ordinal)))
                return c;
        }

        throw new CapvecException("the conversation holds every character of the private use area; no mark is left to find its replies by.");
    }
}
