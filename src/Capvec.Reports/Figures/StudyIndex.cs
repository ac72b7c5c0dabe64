using Capvec.Experiments.Results;
using Capvec.Experiments.Running;

namespace Capvec.Reports.Figures;

/// <summary>A study's results with the look-ups that the page and the files share, so that all of them count the same trials.</summary>
internal sealed class StudyIndex
{
    /// <summary>The stage whose trials count.</summary>
    public const string Test = Stages.Test;

    /// <summary>The stage whose trials chose the candidate.</summary>
    public const string Selection = Stages.Selection;

    /// <summary>The stage whose traces make the direction.</summary>
    public const string Collect = Stages.Collect;

    private readonly ILookup<(string Stage, string Arm), TrialRow> _trials;

    public StudyIndex(StudyResults results)
    {
        Results = results;
        _trials = results.Trials.ToLookup(t => (t.Stage, t.Arm));
        Candidate = Arms(Test).FirstOrDefault(a => a.Name == results.Candidate) ?? Arms(Test).Where(a => a.Kind == ArmKind.Steered)
            .OrderByDescending(a => a.AgainstBase?.PairedDifference ?? double.NegativeInfinity)
            .ThenBy(a => a.Name, StringComparer.Ordinal).FirstOrDefault();
    }

    /// <summary>What was computed.</summary>
    public StudyResults Results { get; }

    /// <summary>The steered arm of the test stage that the verdict is about; where the results name none, the one that does best against base; null where the test stage has none.</summary>
    public ArmResult? Candidate { get; }

    /// <summary>The arms of a stage, as the study orders them.</summary>
    public IReadOnlyList<ArmResult> Arms(string stage) => [.. Results.Arms.Where(a => a.Stage == stage)];

    /// <summary>Whether a reader looks for this arm first: base, and the candidate in either stage.</summary>
    public bool Stands(ArmResult arm) => arm.Kind == ArmKind.Base
        || (arm.Kind == ArmKind.Steered && Candidate is { } c && ((arm.Stage == c.Stage && arm.Name == c.Name) || (arm.Stage == Selection && arm.Strength == c.Strength && arm.Layers.SequenceEqual(c.Layers))));

    /// <summary>A stage's base, or null.</summary>
    public ArmResult? Base(string stage) => Arms(stage).FirstOrDefault(a => a.Kind == ArmKind.Base);

    /// <summary>The trials of an arm in a stage.</summary>
    public IEnumerable<TrialRow> Trials(string stage, string arm) => _trials[(stage, arm)];

    /// <summary>The tasks of a stage, by name.</summary>
    public IReadOnlyList<string> Tasks(string stage) =>
        [.. Results.Trials.Where(t => t.Stage == stage).Select(t => t.Task).Distinct().Order(StringComparer.Ordinal)];

    /// <summary>The arm that a trial belongs to; trials of the collect stage may have an arm that no comparison has.</summary>
    public ArmResult? ArmOf(TrialRow trial) =>
        Results.Arms.FirstOrDefault(a => a.Stage == trial.Stage && a.Name == trial.Arm) ?? Results.Arms.FirstOrDefault(a => a.Name == trial.Arm);

    /// <summary>Trials of two arms of a stage on the same task, attempt and seed, in the order of tasks and attempts.</summary>
    public IReadOnlyList<TrialPair> Pairs(string stage, string left, string right)
    {
        var others = Trials(stage, right).ToLookup(t => (t.Task, t.Attempt, t.Seed));
        return
        [
            .. from a in Trials(stage, left)
               from b in others[(a.Task, a.Attempt, a.Seed)].Take(1)
               orderby a.Task, a.Attempt
               select new TrialPair(a, b),
        ];
    }
}
