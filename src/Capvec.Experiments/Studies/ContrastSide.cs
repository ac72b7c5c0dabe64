namespace Capvec.Experiments.Studies;

/// <summary>Traces of one arm with one outcome.</summary>
/// <param name="Arm">"base" or an adapter's name.</param>
/// <param name="Solved">Whether the solved ones (reward at least 0.5) or the failed ones; trials without a reward are neither.</param>
public sealed record ContrastSide(string Arm, bool Solved)
{
    /// <summary>For example "base solved".</summary>
    public override string ToString() => $"{Arm} {(Solved ? "solved" : "failed")}";
}
