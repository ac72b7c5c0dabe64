namespace Capvec.Cli.Progress;

/// <summary>One step of a job as shown to the user.</summary>
internal interface IProgressStep
{
    /// <summary>So much is done.</summary>
    /// <param name="done">In the step's unit, never less than before.</param>
    /// <param name="note">A word beside the figures, such as the passes so far, or null.</param>
    void Report(double done, string? note = null);

    /// <summary>The step is over, whatever was done of it.</summary>
    /// <param name="summary">What came of it, or null.</param>
    void End(string? summary = null);

    /// <summary>The step is over; where no line said how far it was, none says that it ended.</summary>
    void Leave();
}
