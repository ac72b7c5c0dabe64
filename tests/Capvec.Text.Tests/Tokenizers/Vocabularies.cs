using System.Collections.Concurrent;
using System.IO.Compression;
using Capvec.Tests;
using Capvec.Text.Tokenizers;

namespace Capvec.Text.Tests.Tokenizers;

/// <summary>The vocabularies that tests encode with; the large ones are only on machines that have the reference material.</summary>
internal static class Vocabularies
{
    private static readonly ConcurrentDictionary<string, Tokenizer> Loaded = new();

    public static Tokenizer Phantom => Loaded.GetOrAdd("phantom", _ => Tokenizer.Load(Fixture.PhantomFolder));

    public static Tokenizer Named(string name) => name == "phantom" ? Phantom : Loaded.GetOrAdd(name, LoadShared);

    private static Tokenizer LoadShared(string name)
    {
        using var folder = new TemporaryFolder();
        using (var packed = new GZipStream(File.OpenRead(Repository.Shared("goldens", "formats", "tokenizers", $"{name}_tokenizer.json.gz")), CompressionMode.Decompress))
        using (var plain = File.Create(System.IO.Path.Combine(folder.Path, "tokenizer.json")))
            packed.CopyTo(plain);
        return Tokenizer.Load(folder.Path);
    }
}
