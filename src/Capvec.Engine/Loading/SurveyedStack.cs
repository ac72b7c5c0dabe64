using Capvec.Numerics.Kernels;

namespace Capvec.Engine.Loading;

/// <summary>Matrices that read the same input, as a file has them.</summary>
/// <param name="Columns">Inputs of each.</param>
/// <param name="Parts">Outputs of each, and the format in which loading keeps it.</param>
internal sealed record SurveyedStack(int Columns, IReadOnlyList<(int Rows, WeightFormat Format)> Parts)
{
    /// <summary>Bytes of memory of the packed matrices. Neighbours of one format are packed as one.</summary>
    /// <param name="format">The format that all are kept in; float32 where rows are not whole blocks of it. Null for the file's own.</param>
    public long Bytes(WeightFormat? format)
    {
        if (format is { } one)
            return (Columns % one.ColumnMultiple() == 0 ? one : WeightFormat.Float32).MatrixBytes(Parts.Sum(part => part.Rows), Columns);
        var bytes = 0L;
        for (var i = 0; i < Parts.Count;)
        {
            var (rows, kept) = Parts[i];
            while (++i < Parts.Count && Parts[i].Format == kept)
                rows += Parts[i].Rows;
            bytes += kept.MatrixBytes(rows, Columns);
        }

        return bytes;
    }
}
