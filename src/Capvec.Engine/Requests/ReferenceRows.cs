namespace Capvec.Engine.Requests;

/// <summary>Next-token distributions of one pass at some of its targets, kept so that other passes over the same tokens can be measured against it. Float32 log-probabilities, <c>4 x vocabulary</c> bytes a row.</summary>
public sealed class ReferenceRows
{
    private readonly Dictionary<int, float[]> _rows;

    internal ReferenceRows(IEnumerable<int> targets, int vocabulary)
    {
        Vocabulary = vocabulary;
        _rows = targets.ToDictionary(target => target, _ => new float[vocabulary]);
    }

    /// <summary>Width of a row.</summary>
    public int Vocabulary { get; }

    /// <summary>Positions of the tokens whose distributions are kept.</summary>
    public IReadOnlyCollection<int> Targets => _rows.Keys;

    /// <summary>[vocabulary] log-probabilities at a target; null where they were not kept.</summary>
    internal float[]? At(int target) => _rows.GetValueOrDefault(target);
}
