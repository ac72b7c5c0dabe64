namespace Capvec.Experiments.Running;

/// <summary>The steps of a study, in their order.</summary>
public enum RunStep
{
    /// <summary>Trials whose traces make the direction.</summary>
    Collect,

    /// <summary>Residuals of those traces.</summary>
    Capture,

    /// <summary>Directions and their ranking.</summary>
    Compute,

    /// <summary>Traces read again under steering, where the study asks for it.</summary>
    Screen,

    /// <summary>Choice of layer and strength.</summary>
    Select,

    /// <summary>The trials that count.</summary>
    Sweep,
}
