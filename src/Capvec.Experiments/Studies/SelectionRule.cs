namespace Capvec.Experiments.Studies;

/// <summary>What chooses the candidate.</summary>
public enum SelectionRule
{
    /// <summary>The layer with the largest held-out AUC x margin; takes no trials. Called <c>held-out-auc</c>.</summary>
    HeldOutAuc,

    /// <summary>The layer and strength with the highest pass rate in trials on the selection tasks. Called <c>sweep</c>.</summary>
    Sweep,

    /// <summary>The layer and strength that the screen puts first; takes no trials. Called <c>screen</c>.</summary>
    Screen,
}
