namespace Capvec.Experiments.Studies;

/// <summary>Finds the word that somebody most likely meant.</summary>
internal static class NearestKey
{
    /// <summary>" (did you mean 'x'?)" for the known word that is fewest edits away, or nothing where none is near.</summary>
    public static string Suggest(string word, IReadOnlyList<string> known)
    {
        var best = known.Select(k => (Word: k, Edits: Edits(word, k))).OrderBy(x => x.Edits).FirstOrDefault();
        return best.Word is not null && best.Edits <= Math.Max(2, best.Word.Length / 3) ? $" (did you mean '{best.Word}'?)" : "";
    }

    /// <summary>Levenshtein's distance.</summary>
    private static int Edits(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, 1 + Math.Min(row[j], row[j - 1]));
            }
        }

        return row[^1];
    }
}
