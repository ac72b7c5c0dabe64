using System.Collections.Concurrent;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Capvec.Cli.Progress;

/// <summary>Done of total, and how fast.</summary>
internal sealed class RateColumn : ProgressColumn
{
    private readonly ConcurrentDictionary<int, string> _units = new();

    /// <inheritdoc/>
    protected override bool NoWrap => true;

    /// <summary>What a task counts.</summary>
    public void SetUnit(int task, string unit) => _units[task] = unit;

    /// <inheritdoc/>
    public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime)
    {
        var unit = _units.GetValueOrDefault(task.Id, "");
        if (unit.Length == 0)
            return Spectre.Console.Text.Empty;
        var rate = task.ElapsedTime is { TotalSeconds: > 0 } elapsed ? task.Value / elapsed.TotalSeconds : 0;
        return new Spectre.Console.Text($"{task.Value:0}/{task.MaxValue:0} {unit}, {ProgressText.Rate(rate)}");
    }
}
