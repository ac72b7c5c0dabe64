namespace Capvec.Experiments.Running;

/// <summary>Is told how far a study is. Calls come one at a time, from any thread.</summary>
public interface IRunProgress
{
    /// <summary>A part of the work begins.</summary>
    /// <param name="step">The step it belongs to.</param>
    /// <param name="title">What is done, for example "test trials".</param>
    /// <param name="total">How much there is, what is done already included.</param>
    /// <param name="done">How much is done already.</param>
    /// <param name="unit">What is counted, in the plural.</param>
    void Started(RunStep step, string title, int total, int done, string unit);

    /// <summary>More is done.</summary>
    /// <param name="done">Now done of the total.</param>
    /// <param name="note">A few words on how it goes, or null.</param>
    void Advanced(int done, string? note);

    /// <summary>Something to say beside the figures.</summary>
    void Message(string text);

    /// <summary>The part that was begun last is over.</summary>
    /// <param name="summary">What came of it, in a line.</param>
    void Finished(string summary);
}
