using Capvec.Reports.Markup;
using DiffPlex;
using DiffPlex.Chunkers;

namespace Capvec.Reports.Transcripts;

/// <summary>Two texts side by side with the words that differ marked.</summary>
internal static class WordDiff
{
    // Where less than this share of the longer text is common, marks would cover nearly everything and say nothing.
    private const double Comparable = 0.3;

    /// <summary>The two texts as markup: words only on the left in del, words only on the right in ins.</summary>
    /// <returns>Both sides, and whether they have enough in common to be marked at all.</returns>
    public static (Html Left, Html Right, bool Marked) Of(string left, string right)
    {
        if (left == right)
            return (Html.Text(left), Html.Text(right), true);
        var diff = Differ.Instance.CreateDiffs(left, right, ignoreWhiteSpace: false, ignoreCase: false, new WordChunker());
        var deleted = new bool[diff.PiecesOld.Count];
        var inserted = new bool[diff.PiecesNew.Count];
        foreach (var block in diff.DiffBlocks)
        {
            Array.Fill(deleted, true, block.DeleteStartA, block.DeleteCountA);
            Array.Fill(inserted, true, block.InsertStartB, block.InsertCountB);
        }

        var words = Math.Max(Words(diff.PiecesOld), Words(diff.PiecesNew));
        var common = diff.PiecesOld.Where((piece, i) => !deleted[i] && IsWord(piece)).Count();
        if (words == 0 || common < Comparable * words)
            return (Html.Text(left), Html.Text(right), false);
        return (Marked(diff.PiecesOld, deleted, "del"), Marked(diff.PiecesNew, inserted, "ins"), true);
    }

    private static int Words(IEnumerable<string> pieces) => pieces.Count(IsWord);

    private static bool IsWord(string piece) => piece.Any(char.IsLetterOrDigit);

    // Runs of changed pieces become one mark, so that a changed phrase does not look like many small changes.
    private static Html Marked(IReadOnlyList<string> pieces, bool[] changed, string tag)
    {
        var runs = new List<Html>();
        for (var i = 0; i < pieces.Count;)
        {
            var j = i;
            while (j < pieces.Count && changed[j] == changed[i])
                j++;
            var text = string.Concat(pieces.Skip(i).Take(j - i));
            runs.Add(changed[i] ? Html.Of($"<{tag}>{text}</{tag}>") : Html.Text(text));
            i = j;
        }

        return Html.Join(runs);
    }
}
