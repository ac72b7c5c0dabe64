using Capvec.Experiments.Running;

namespace Capvec.Cli.Progress;

/// <summary>Shows a study's progress on a display.</summary>
internal sealed class StudyProgress(ProgressDisplay display) : IRunProgress
{
    private IProgressStep? _step;

    /// <inheritdoc/>
    public void Started(RunStep step, string title, int total, int done, string unit) => _step = display.Begin(title, total, unit, done);

    /// <inheritdoc/>
    public void Advanced(int done, string? note) => _step?.Report(done, note);

    /// <inheritdoc/>
    public void Message(string text) => display.Remark(text);

    /// <inheritdoc/>
    public void Finished(string summary) => _step?.End(summary);
}
