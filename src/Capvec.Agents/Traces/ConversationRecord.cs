using System.Collections.Immutable;

namespace Capvec.Agents.Traces;

/// <summary>A finished conversation's tokens, for capture and training.</summary>
/// <param name="Ids">[tokens] ids of the whole conversation, without an opening of a further reply.</param>
/// <param name="Own">The agent's own tokens as ranges <c>[first, end)</c>: its replies and the stop token that closes each.</param>
public sealed record ConversationRecord(IReadOnlyList<int> Ids, IReadOnlyList<IReadOnlyList<int>> Own)
{
    /// <summary>The record of an encoded conversation.</summary>
    public static ConversationRecord Of(EncodedConversation conversation)
    {
        var ranges = new List<IReadOnlyList<int>>();
        var own = conversation.Own;
        for (var start = 0; start < own.Length; start++)
        {
            if (!own[start])
                continue;
            var end = start + 1;
            while (end < own.Length && own[end])
                end++;
            ranges.Add([start, end]);
            start = end;
        }

        return new(conversation.Ids, ranges);
    }

    /// <summary>Ids with a mark for each.</summary>
    public EncodedConversation Encoded()
    {
        var own = new bool[Ids.Count];
        foreach (var range in Own)
            own.AsSpan(range[0], range[1] - range[0]).Fill(true);
        return new([.. Ids], ImmutableArray.Create(own));
    }
}
