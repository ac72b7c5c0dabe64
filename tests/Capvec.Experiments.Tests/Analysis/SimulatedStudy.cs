using Capvec.Experiments.Analysis;
using Capvec.Experiments.Results;
using Capvec.Experiments.Storage;
using Capvec.Numerics.Randomness;

namespace Capvec.Experiments.Tests.Analysis;

/// <summary>Draws the outcomes of a test stage from known pass rates: tasks differ in difficulty, two of them can never be passed.</summary>
internal sealed class SimulatedStudy
{
    public const int Tasks = 18;

    private readonly SplitMix64 _random;
    private readonly double[] _difficulty;

    public SimulatedStudy(ulong seed)
    {
        _random = new SplitMix64(seed);
        _difficulty = [.. Enumerable.Range(0, Tasks).Select(t => t < 2 ? 0 : 0.3 + (0.4 * _random.Uniform()))];
    }

    public List<ArmRow> Arms { get; } = [];

    public List<TrialRow> Trials { get; } = [];

    /// <summary>An arm whose tasks are passed so much more often than base's, where they can be passed at all.</summary>
    public SimulatedStudy Arm(ArmKind kind, double lift, int attempts, double nulls = 0, int[]? layers = null)
    {
        var name = kind == ArmKind.Base ? "base" : layers is null ? $"{kind}" : $"{kind} {layers.Length} layers";
        var steered = kind is ArmKind.Steered or ArmKind.Random or ArmKind.Negative or ArmKind.AlphaZero;
        Arms.Add(new("test", Arms.Count, name, kind, steered ? layers ?? [3] : [], steered ? 4 : null, null, null, Tasks * attempts));
        for (var task = 0; task < Tasks; task++)
        {
            for (var attempt = 0; attempt < attempts; attempt++)
            {
                var passed = _random.Uniform() < (_difficulty[task] == 0 ? 0 : Math.Clamp(_difficulty[task] + lift, 0, 1));
                var isNull = _random.Uniform() < nulls;
                Add(name, task, attempt, isNull ? null : passed ? 1 : 0);
            }
        }

        return this;
    }

    /// <summary>Strength 0 as it should be: base's own trials.</summary>
    public SimulatedStudy AlphaZero()
    {
        Arms.Add(new("test", Arms.Count, "L3 x0", ArmKind.AlphaZero, [3], 0, 0, null, Arms[0].Planned));
        Trials.AddRange(Trials.Where(t => t.Arm == "base").Select(t => t with { Arm = "L3 x0" }).ToList());
        return this;
    }

    public IReadOnlyList<ArmResult> Compare() => StageComparison.Compare(Arms, Trials, 1);

    public (Verdict Verdict, ArmResult? Candidate) Judge() => VerdictRules.Judge(Compare(), Trials, Arms.Sum(a => a.Planned), (3, 4));

    /// <summary>Judges as where no selection chose a layer and strength.</summary>
    public (Verdict Verdict, ArmResult? Candidate) JudgeUnchosen() => VerdictRules.Judge(Compare(), Trials, Arms.Sum(a => a.Planned), null);

    private void Add(string arm, int task, int attempt, double? reward) => Trials.Add(new TrialRow(
        "test", arm, $"task-{task:00}", attempt, (ulong)((task * 1000) + attempt), reward, reward is null ? "no sandbox" : null, 4, 100, new(), "", DateTimeOffset.UnixEpoch, 1)
    {
        TokensHash = $"{arm} {task} {attempt}",
    });
}
