using System.Collections.Immutable;
using Capvec.Engine.Loading;
using Capvec.Formats.Errors;
using Capvec.Text.Templates;
using Capvec.Text.Tokenizers;

namespace Capvec.Agents.Traces;

/// <summary>
/// Turns conversations into the ids that a model reads, and tells which of them the agent wrote. The ids are always those of the whole
/// rendered text. To tell the agent's own, the text is cut at the ends of its replies and the pieces are encoded one by one: where
/// they give the same ids as the whole, every token lies on one side. Where a cut falls inside a token of the whole, the
/// tokens are laid along the text by decoding them, and a token belongs to the side on which it ends. Thread-safe.
/// </summary>
public sealed class ConversationEncoder
{
    private readonly Tokenizer _tokenizer;
    private readonly ChatTemplate _template;
    private readonly string[] _stops;

    /// <summary>An encoder with a model's tokenizer, chat template and stop tokens.</summary>
    public ConversationEncoder(TextModel model)
        : this(model.Tokenizer, model.Template, model.Model.StopTokens)
    {
    }

    /// <summary>An encoder of a tokenizer, a chat template and the ids that end a reply.</summary>
    public ConversationEncoder(Tokenizer tokenizer, ChatTemplate template, IEnumerable<int> stopTokens)
    {
        (_tokenizer, _template) = (tokenizer, template);
        _stops = [.. stopTokens.Select(id => tokenizer.Decode([id])).Where(stop => stop.Length > 0)];
    }

    /// <summary>Encodes a conversation.</summary>
    /// <param name="messages">The conversation.</param>
    /// <param name="addGenerationPrompt">Whether the ids end with the opening of the next reply.</param>
    /// <exception cref="CapvecException">The template shows a reply otherwise than it was said.</exception>
    public EncodedConversation Encode(IReadOnlyList<ChatMessage> messages, bool addGenerationPrompt = false)
    {
        var (text, own) = OwnText.Find(messages, m => _template.Render(m, addGenerationPrompt), _stops);
        var ids = ImmutableArray.Create(_tokenizer.Encode(text));
        var pieces = Cut(text, own);
        return new(ids, OwnByPieces(ids, pieces) ?? OwnByPlace(ids, pieces));
    }

    /// <summary>The text cut at the ends of the own ranges.</summary>
    private static List<(string Text, bool Own)> Cut(string text, List<Range> own)
    {
        var pieces = new List<(string, bool)>();
        var at = 0;
        foreach (var range in own)
        {
            pieces.Add((text[at..range.Start], false));
            pieces.Add((text[range], true));
            at = range.End.Value;
        }

        pieces.Add((text[at..], false));
        return pieces;
    }

    private ImmutableArray<bool>? OwnByPieces(ImmutableArray<int> ids, List<(string Text, bool Own)> pieces)
    {
        var own = ImmutableArray.CreateBuilder<bool>(ids.Length);
        foreach (var piece in pieces)
        {
            foreach (var id in _tokenizer.Encode(piece.Text))
            {
                if (own.Count == ids.Length || ids[own.Count] != id)
                    return null;
                own.Add(piece.Own);
            }
        }

        return own.Count == ids.Length ? own.ToImmutable() : null;
    }

    private ImmutableArray<bool> OwnByPlace(ImmutableArray<int> ids, List<(string Text, bool Own)> pieces)
    {
        // Places are counted in decoded text, which differs from the text where the tokenizer normalises it.
        var ends = new List<(int End, bool Own)>();
        var end = 0;
        foreach (var piece in pieces)
        {
            end += _tokenizer.Decode(_tokenizer.Encode(piece.Text)).Length;
            ends.Add((end, piece.Own));
        }

        var own = ImmutableArray.CreateBuilder<bool>(ids.Length);
        var decoder = _tokenizer.Stream();
        int at = 0, part = 0;
        foreach (var id in ids)
        {
            var before = at;
            at += decoder.Push(id).Length;
            // A token that only begins a character ends no text yet; it is placed where that character will stand.
            var place = at > before ? at : at + 1;
            while (part < ends.Count - 1 && place > ends[part].End)
                part++;
            own.Add(ends[part].Own);
        }

        return own.MoveToImmutable();
    }
}
