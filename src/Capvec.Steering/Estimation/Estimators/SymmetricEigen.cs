using MathNet.Numerics.LinearAlgebra;

namespace Capvec.Steering.Estimation.Estimators;

/// <summary>Eigenvectors of a symmetric matrix of inner products.</summary>
internal static class SymmetricEigen
{
    /// <summary>Eigenvalues, rising, and eigenvectors in columns.</summary>
    public static (Vector<double> Values, Matrix<double> Vectors) Of(double[,] products)
    {
        var eigen = Matrix<double>.Build.DenseOfArray(products).Evd(Symmetricity.Symmetric);
        return (eigen.EigenValues.Real(), eigen.EigenVectors);
    }

    /// <summary>The eigenvector of the largest eigenvalue.</summary>
    public static double[] Top(double[,] products)
    {
        var (_, vectors) = Of(products);
        return [.. vectors.Column(vectors.ColumnCount - 1)];
    }
}
