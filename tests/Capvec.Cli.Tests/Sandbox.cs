using Capvec.Agents.Sandboxes;
using Capvec.Formats.Errors;

namespace Capvec.Cli.Tests;

/// <summary>Whether this machine can make sandboxes.</summary>
internal static class Sandbox
{
    /// <summary>Skips the test, visibly, where it cannot.</summary>
    public static void Need()
    {
        try
        {
            NamespaceSandboxFactory.Create();
        }
        catch (CapvecException e)
        {
            Assert.Skip(e.Message);
        }
    }
}
