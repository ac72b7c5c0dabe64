namespace Capvec.Agents.Tests.Sandboxes;

/// <summary>Puts something back when a test ends, however it ends.</summary>
internal sealed class Restore(Action action) : IDisposable
{
    public void Dispose() => action();
}
