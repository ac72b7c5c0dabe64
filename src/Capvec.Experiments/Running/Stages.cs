namespace Capvec.Experiments.Running;

/// <summary>The names of the stages that trials belong to.</summary>
public static class Stages
{
    /// <summary>Trials whose traces make the direction.</summary>
    public const string Collect = "collect";

    /// <summary>Trials that choose layer and strength; they never count in the test.</summary>
    public const string Selection = "selection";

    /// <summary>Trials that count.</summary>
    public const string Test = "test";
}
