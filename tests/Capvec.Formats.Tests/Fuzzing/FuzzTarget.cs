using System.Text;

namespace Capvec.Formats.Tests.Fuzzing;

/// <summary>A reader under test.</summary>
/// <param name="Name">What it is called in failures.</param>
/// <param name="FileName">The name that its input needs.</param>
/// <param name="Seeds">Good files, each with the number of bytes that are structure.</param>
/// <param name="Tokens">Pieces that mean something in the format.</param>
/// <param name="Open">Opens a file: what is checked for memory. The result, if disposable, is disposed.</param>
/// <param name="Read">Reads everything that the opened file offers.</param>
internal sealed record FuzzTarget(string Name, string FileName, IReadOnlyList<(byte[] File, int Header)> Seeds, string[] Tokens, Func<string, object> Open, Action<object> Read)
{
    /// <summary>Inputs that must be read, of a thousand; so that the changes are not so wild that nothing is reached.</summary>
    public int ReadsPerThousand { get; init; } = 10;

    /// <summary>Different reasons for refusals that must be met at least.</summary>
    public int Reasons { get; init; } = 10;

    public byte[][] TokenBytes { get; } = [.. Tokens.Select(Encoding.Latin1.GetBytes)];

    public override string ToString() => Name;
}
