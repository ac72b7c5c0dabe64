namespace Capvec.Formats.Torch;

/// <summary>A global that a pickle names and that is on the whitelist. It is a name and nothing else: no code hangs on it.</summary>
/// <param name="Module">Python module.</param>
/// <param name="Name">Name in the module.</param>
internal sealed record PickleSymbol(string Module, string Name)
{
    public override string ToString() => $"{Module}.{Name}";
}
