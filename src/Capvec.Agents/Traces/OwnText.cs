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
        var marked = render([.. messages.Select((m, i) => m.Role == "assistant" ? m with { Content = MarkOf(mark, i) } : m)]);
        int at = 0, from = 0;
        for (var i = 0; i < messages.Count; i++)
        {
            if (messages[i].Role != "assistant")
                continue;
            var here = marked.IndexOf(MarkOf(mark, i), from, StringComparison.Ordinal);
            if (here < 0)
                continue; // The template leaves this reply out.
            if (own.Count == 0 && !text.AsSpan().StartsWith(marked.AsSpan(0, here), StringComparison.Ordinal))
                throw NotAsSaid(i);
            at += here - from;
            from = here + MarkOf(mark, i).Length;
            var next = marked.IndexOf(mark, from);
            var length = LengthOf(messages[i].Content, text, at, marked.AsSpan(from, (next < 0 ? marked.Length : next) - from), isLast: next < 0);
            if (length < 0)
                throw NotAsSaid(i);
            var stop = stops.FirstOrDefault(s => string.CompareOrdinal(text, at + length, s, 0, s.Length) == 0) ?? "";
            own.Add(at..(at + length + stop.Length));
            at += length;
        }

        return (text, own);
    }

    private static CapvecException NotAsSaid(int message) => new(
        $"the chat template writes message {message + 1}, a reply, otherwise than the agent said it, so its tokens cannot be told; use a template that keeps replies as they are.");

    /// <summary>Length of a reply as it stands at a place of the text, followed by what the template has next; -1 where it does not.</summary>
    /// <remarks>Templates may trim a reply, and may leave out what it thought before "&lt;/think&gt;".</remarks>
    private static int LengthOf(string content, string text, int at, ReadOnlySpan<char> next, bool isLast)
    {
        var trimmed = content.Trim();
        var thought = trimmed.LastIndexOf(ThoughtEnd, StringComparison.Ordinal);
        foreach (var said in (string[])[content, trimmed, thought < 0 ? trimmed : trimmed[(thought + ThoughtEnd.Length)..].Trim()])
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

    private static string MarkOf(char mark, int message) => mark + message.ToString(CultureInfo.InvariantCulture) + mark;
}
