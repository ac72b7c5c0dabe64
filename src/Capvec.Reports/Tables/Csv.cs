using System.Globalization;
using Capvec.Experiments.Results;
using CsvHelper;
using CsvHelper.Configuration;

namespace Capvec.Reports.Tables;

/// <summary>The form of the tables: UTF-8, comma, a heading line, LF, figures in the invariant culture so that they read back to the same bits, empty for what is not there.</summary>
internal static class Csv
{
    /// <summary>How both tables are written and read.</summary>
    public static CsvConfiguration Form => new(CultureInfo.InvariantCulture) { NewLine = "\n" };

    /// <summary>Rows as a table.</summary>
    public static string Write<T>(IEnumerable<T> rows)
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        using (var writer = new CsvWriter(text, Form))
            writer.WriteRecords(rows);
        return text.ToString();
    }

    /// <summary>An arm's kind as the tables name it.</summary>
    public static string Kind(ArmKind kind) => kind switch
    {
        ArmKind.Base => "base",
        ArmKind.AgainstItself => "against_itself",
        ArmKind.Adapter => "adapter",
        ArmKind.Steered => "steered",
        ArmKind.AlphaZero => "alpha_zero",
        ArmKind.Random => "random",
        ArmKind.Negative => "negative",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "unknown kind of arm"),
    };

    /// <summary>Layers as the tables name them: numbers with spaces between.</summary>
    public static string Layers(IReadOnlyList<int> layers) => string.Join(' ', layers);
}
