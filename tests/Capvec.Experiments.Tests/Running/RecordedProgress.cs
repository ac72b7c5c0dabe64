using Capvec.Experiments.Running;

namespace Capvec.Experiments.Tests.Running;

/// <summary>Keeps what it was told, and may react to it.</summary>
internal sealed class RecordedProgress(Action<string, int>? advanced = null) : IRunProgress
{
    private string _title = "";

    /// <summary>Title, total, and what was done already.</summary>
    public List<(string Title, int Total, int Done)> Parts { get; } = [];

    public List<string> Messages { get; } = [];

    public void Started(RunStep step, string title, int total, int done, string unit)
    {
        _title = title;
        Parts.Add((title, total, done));
    }

    public void Advanced(int done, string? note) => advanced?.Invoke(_title, done);

    public void Message(string text) => Messages.Add(text);

    public void Finished(string summary)
    {
    }
}
