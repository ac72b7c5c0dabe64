namespace Capvec.Experiments.Studies;

/// <summary>Traces of one arm, of one outcome or any, on some tasks.</summary>
/// <param name="Arm">"base" or an adapter's name.</param>
/// <param name="Solved">The solved ones (reward at least 0.5), the failed ones, or both where null; trials without a reward are none of these.</param>
/// <param name="Tasks">Name pattern (<c>*</c> and <c>?</c>) of the tasks.</param>
public sealed record ContrastSide(string Arm, bool? Solved, string Tasks = "*")
{
    /// <summary>Whether a trial with a reward belongs to it.</summary>
    public bool Holds(string arm, string task, bool passed) => arm == Arm && (Solved ?? passed) == passed && TaskGroups.Matches(Tasks, task);

    /// <summary>For example "base solved", or "base on guarded/*".</summary>
    public override string ToString() => Arm + (Solved switch { true => " solved", false => " failed", _ => "" }) + (Tasks == "*" ? "" : $" on {Tasks}");
}
