using System.Collections.Concurrent;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Capvec.Cli.Progress;

/// <summary>Done of total, and how fast.</summary>
internal sealed class RateColumn : ProgressColumn
{
    private readonly ConcurrentDictionary<int, (string Unit, double Before)> _tasks = new();

    /// <inheritdoc/>
    protected override bool NoWrap => true;

    /// <summary>What a task counts, and how much of it was done before.</summary>
    public void Describe(int task, string unit, double before) => _tasks[task] = (unit, before);

    /// <inheritdoc/>
    public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime)
    {
        if (!_tasks.TryGetValue(task.Id, out var about) || about.Unit.Length == 0)
            return Spectre.Console.Text.Empty;
        var rate = task.ElapsedTime is { TotalSeconds: > 0 } elapsed ? (task.Value - about.Before) / elapsed.TotalSeconds : 0;
        return new Spectre.Console.Text($"{task.Value:0}/{task.MaxValue:0} {about.Unit}, {ProgressText.Rate(rate)}");
    }
}
