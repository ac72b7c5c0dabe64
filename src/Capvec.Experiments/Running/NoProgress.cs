namespace Capvec.Experiments.Running;

/// <summary>Tells nobody.</summary>
public sealed class NoProgress : IRunProgress
{
    /// <inheritdoc/>
    public void Started(RunStep step, string title, int total, int done, string unit)
    {
    }

    /// <inheritdoc/>
    public void Advanced(int done, string? note)
    {
    }

    /// <inheritdoc/>
    public void Message(string text)
    {
    }

    /// <inheritdoc/>
    public void Finished(string summary)
    {
    }
}
