using System.Runtime.ExceptionServices;

namespace Capvec.Steering.Estimation;

/// <summary>Work on many layers at once.</summary>
internal static class Layerwise
{
    /// <summary>Does the work for each index, on all processors; the first failure is thrown as it was, not inside an aggregate.</summary>
    public static void For(int count, Action<int> body)
    {
        try
        {
            Parallel.For(0, count, body);
        }
        catch (AggregateException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
        }
    }
}
