using Capvec.Agents.Traces;
using Capvec.Experiments.Results;
using Capvec.Experiments.Statistics;

namespace Capvec.Reports.Tests.Samples;

/// <summary>The statistics of made-up trials. Wilson's interval and Fisher's test are computed by their definitions; VERIFY's commands check the paired figures.</summary>
internal static class SampleStatistics
{
    public static IReadOnlyList<ArmResult> Arms(string stage, IReadOnlyList<SampleArm> arms, IReadOnlyList<TrialRow> trials)
    {
        var basis = arms.FirstOrDefault(a => a.Kind == ArmKind.Base)?.Name;
        var results = arms.Select(a => Arm(stage, a, [.. trials.Where(t => t.Stage == stage && t.Arm == a.Name)], a.Name == basis ? null : [.. trials.Where(t => t.Stage == stage && t.Arm == basis)])).ToList();
        var order = results.Where(r => r.AgainstBase is not null).OrderBy(r => r.AgainstBase!.FisherTwoSided).ThenBy(r => r.Name, StringComparer.Ordinal).ToList();
        var worst = 0.0;
        var holm = new Dictionary<string, double>();
        for (var i = 0; i < order.Count; i++)
            holm[order[i].Name] = worst = Math.Max(worst, Math.Min(1, order[i].AgainstBase!.FisherTwoSided * (order.Count - i)));
        return [.. results.Select(r => r.AgainstBase is { } c ? r with { AgainstBase = c with { Holm = holm[r.Name] } } : r)];
    }

    public static Interval Wilson(int k, int n)
    {
        if (n == 0)
            return new(0, 1);
        const double Z = 1.959963984540054;
        double low = 0, high = 1, p = (double)k / n;
        // The ends are where |p - t| = z sqrt(t(1-t)/n), found by halving.
        for (double a = 0, b = p, i = 0; i < 200; i++, low = (a + b) / 2)
            (a, b) = Inside((a + b) / 2) ? (a, (a + b) / 2) : ((a + b) / 2, b);
        for (double a = p, b = 1, i = 0; i < 200; i++, high = (a + b) / 2)
            (a, b) = Inside((a + b) / 2) ? ((a + b) / 2, b) : (a, (a + b) / 2);
        return new(k == 0 ? 0 : low, k == n ? 1 : high);

        bool Inside(double t) => Math.Abs(p - t) <= Z * Math.Sqrt(t * (1 - t) / n);
    }

    public static (double Greater, double Less, double TwoSided) Fisher(int k1, int n1, int k2, int n2)
    {
        var log = Enumerable.Range(0, n1 + 1).Select(i => i > k1 + k2 || k1 + k2 - i > n2 ? double.NegativeInfinity : Choose(n1, i) + Choose(n2, k1 + k2 - i) - Choose(n1 + n2, k1 + k2)).Select(Math.Exp).ToList();
        return (Math.Min(1, log.Skip(k1).Sum()), Math.Min(1, log.Take(k1 + 1).Sum()), Math.Min(1, log.Where(p => p <= log[k1] * (1 + 1e-7)).Sum()));

        static double Choose(int n, int k) => Enumerable.Range(0, k).Sum(i => Math.Log(n - i) - Math.Log(i + 1));
    }

    private static ArmResult Arm(string stage, SampleArm arm, List<TrialRow> trials, List<TrialRow>? basis)
    {
        var counted = trials.Where(t => t.Reward is not null).ToList();
        var passed = counted.Count(t => t.Reward >= 0.5);
        return new ArmResult
        {
            Name = arm.Name,
            Kind = arm.Kind,
            Stage = stage,
            Layers = arm.Layers ?? [],
            Strength = arm.Strength,
            Alpha = arm.Strength * 31.5,
            Trials = counted.Count,
            Passed = passed,
            Nulls = trials.Count - counted.Count,
            Wilson = Wilson(passed, counted.Count),
            Marks = Sum(trials, m => m),
            TrialsMarked = Sum(trials, m => m > 0 ? 1 : 0),
            AgainstBase = basis is { Count: > 0 } && counted.Count > 0 && basis.Any(t => t.Reward is not null) ? Compare(counted, [.. basis.Where(t => t.Reward is not null)]) : null,
        };
    }

    private static Comparison Compare(List<TrialRow> arm, List<TrialRow> basis)
    {
        static double Rate(IEnumerable<TrialRow> trials) => trials.Average(t => t.Reward >= 0.5 ? 1.0 : 0.0);
        var d = arm.GroupBy(t => t.Task).Join(basis.GroupBy(t => t.Task), g => g.Key, g => g.Key, (a, b) => Rate(a) - Rate(b)).ToList();
        var paired = PairedDifference.Of(d);
        var fisher = Fisher(arm.Count(t => t.Reward >= 0.5), arm.Count, basis.Count(t => t.Reward >= 0.5), basis.Count);
        return new Comparison
        {
            PairedDifference = paired.Mean,
            PairedInterval = paired.Interval,
            PairedP = SignFlip.TwoSided(d, 1),
            Tasks = paired.Tasks,
            FisherGreater = fisher.Greater,
            FisherLess = fisher.Less,
            FisherTwoSided = fisher.TwoSided,
            Holm = double.NaN,
        };
    }

    private static TrialMarks Sum(List<TrialRow> trials, Func<int, int> of) => new()
    {
        ParseFail = trials.Sum(t => of(t.Marks.ParseFail)),
        NoCmd = trials.Sum(t => of(t.Marks.NoCmd)),
        EarlyDone = trials.Sum(t => of(t.Marks.EarlyDone)),
        LengthCut = trials.Sum(t => of(t.Marks.LengthCut)),
        Refusal = trials.Sum(t => of(t.Marks.Refusal)),
        Loop = trials.Sum(t => of(t.Marks.Loop)),
        Timeout = trials.Sum(t => of(t.Marks.Timeout)),
    };
}
