namespace Capvec.Experiments.Screening;

/// <summary>
/// The KL of one layer as a function of strength, from the points that were measured, and the strength where it is a target. Between two points it is
/// a power of the strength (a line in logarithms); below the smallest it goes on with the power between the two smallest, or with the square, as KL grows near 0, where there is one.
/// </summary>
internal sealed class IsoKlCurve
{
    /// <summary>Most passes that one layer's strength is looked for with.</summary>
    public const int Rounds = 4;

    /// <summary>How near the target, as a share of it, is near enough.</summary>
    public const double Tolerance = 0.05;

    private readonly double _target;
    private readonly List<ScreenPoint> _points;
    private ScreenPoint? _nearest;

    public IsoKlCurve(double target, IEnumerable<ScreenPoint> points)
    {
        _target = target;
        _points = [.. points.Where(p => p.Kl > 0).OrderBy(p => p.Strength)];
        Layer = _points.Count == 0 ? -1 : _points[0].Layer;
    }

    /// <summary>0-based block; -1 without a point.</summary>
    public int Layer { get; }

    /// <summary>The strength to try next; null when one near enough was measured, or the target lies beyond the largest strength.</summary>
    public double? Guess
    {
        get
        {
            if (_points.Count == 0 || IsNear(_nearest))
                return null;
            var above = _points.FindIndex(p => p.Kl >= _target);
            if (above < 0)
                return null;
            var upper = _points[above];
            if (above == 0)
                return upper.Strength * Math.Pow(_target / upper.Kl, 1 / LowestPower);
            var lower = _points[above - 1];
            var share = Math.Log(_target / lower.Kl) / Math.Log(upper.Kl / lower.Kl);
            return lower.Strength * Math.Pow(upper.Strength / lower.Strength, share);
        }
    }

    /// <summary>The measured point nearest to the target, where it is near enough.</summary>
    public ScreenPoint? Reached => IsNear(_nearest) ? _nearest : null;

    /// <summary>Takes a measured point.</summary>
    public void Add(ScreenPoint point)
    {
        if (_nearest is null || Distance(point) < Distance(_nearest))
            _nearest = point;
        _points.Add(point);
        _points.Sort((a, b) => a.Strength.CompareTo(b.Strength));
    }

    // Bounded, since two points that lie near each other say little about the power between them.
    private double LowestPower => _points.Count < 2
        ? 2
        : Math.Clamp(Math.Log(_points[1].Kl / _points[0].Kl) / Math.Log(_points[1].Strength / _points[0].Strength), 0.5, 4);

    private double Distance(ScreenPoint point) => Math.Abs(Math.Log(point.Kl / _target));

    private bool IsNear(ScreenPoint? point) => point is not null && Distance(point) <= Math.Log(1 + Tolerance);
}
