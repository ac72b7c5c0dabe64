namespace Capvec.Numerics.Threading;

/// <summary>Divides items among workers.</summary>
public static class Split
{
    /// <summary>The contiguous share <c>[start, end)</c> of <paramref name="count"/> items that belongs to one worker.</summary>
    public static (int Start, int End) Static(int count, int worker, int workers) =>
        ((int)((long)count * worker / workers), (int)((long)count * (worker + 1) / workers));
}
