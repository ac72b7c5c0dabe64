using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.RegularExpressions;
using Capvec.Engine.Interventions;
using Capvec.Engine.Loading;
using Capvec.Engine.Requests;
using Capvec.Engine.Scheduling;
using Capvec.Formats.Errors;
using Capvec.Formats.Gguf;
using Capvec.Formats.Safetensors;
using Capvec.Formats.Tensors;
using Capvec.Formats.Torch;
using Capvec.Steering.Directions;
using Capvec.Tests;
using Capvec.Text.Templates;
using Capvec.Text.Tokenizers;

namespace Capvec.Cli.Tests;

/// <summary>
/// Every file of the reference fixtures is read, or refused, as its README says; a file that no rule knows fails. That what is read has the right values is compared elsewhere, by the test that the
/// table in docs/formats.md names; here nothing can be left out.
/// </summary>
public sealed class FixtureTableTests
{
    private static readonly Dictionary<string, JsonElement> Expected = [];

    // The first that matches a file's path below goldens; Read gives the number of cases in the file, or throws.
    private static readonly (string Pattern, string Kind, string Compared, Func<string, int>? Read)[] Rules =
    [
        (@"torch/[^/]+\.(pt|pkl)", "torch files", "`TorchFileTests`", p => Done(TorchFile.Load(p).Root)),
        (@"gguf/container/[^/]+\.gguf", "GGUF containers", "`GgufContainerTests`", ReadGguf),
        (@"gguf/quants/[^/]+\.(random|quant)\.bin", "blocks of stored types", "here and `GgufBlocksTests`, bit for bit", ReadBlocks),
        (@"gguf/(cvec/[^/]+|models/[^/]+\.cvec)\.gguf", "GGUF control vectors", "`ControlVectorTests`, `GgufModelTests`", AddVector),
        (@"gguf/models/[^/]+\.gguf", "GGUF models", "`GgufModelTests` of the engine", LoadModel),
        (@"gguf/models/[^.]+\.safetensors", "checkpoints behind the GGUF models", "here, against the F16 file", LoadBesideGguf),
        (@"models/[^/]+/config\.json", "model folders", "`TinyModelTests`", p => LoadModel(Path.GetDirectoryName(p)!)),
        (@"models/[^/]+/[^/]+/adapter_config\.json", "PEFT adapters", "`TinyModelTests`", LoadAdapter),
        (@".*\.safetensors(-\d+-of-\d+\.safetensors)?", "safetensors files", "`TinyModelTests`, `GgufModelTests`", ReadSafetensors),
        (@".*\.safetensors\.index\.json", "indexes of shards", "`TinyModelTests`", p => Done(SafetensorsIndex.Load(p))),
        (@"tokenizers/[^/]+_tokenizer\.json(\.gz)?", "tokenizers", "`TokenizerGoldenTests`", LoadTokenizer),
        (@"tokenizers/[^/]+\.jsonl", "texts and streams of ids", "`TokenizerGoldenTests`", CountLines),
        (@"templates/[^/]+\.jinja", "chat templates", "`TemplateGoldenTests`", p => Done(ChatTemplate.Parse(File.ReadAllText(p), p))),
        (@"templates/[^/]+\.jsonl", "renderings and features", "`TemplateGoldenTests`", CountLines),
        (@".*\.(md|py|json|f32)", "descriptions, scripts and expected values", "", null),
    ];

    [Fact]
    public void Every_reference_file_is_read_or_refused_as_expected_and_the_table_in_the_docs_is_that_of_the_counts()
    {
        var rows = Walk(Repository.Shared("goldens"));
        rows.Except(File.ReadLines(Repository.File("docs", "formats.md"))).ShouldBeEmpty($"docs/formats.md should have this table:\n{string.Join('\n', rows)}");
    }

    [Fact]
    public void The_copies_in_the_repository_are_the_reference_files()
    {
        var goldens = Repository.Shared("goldens");
        var copies = 0;
        foreach (var copy in new[] { "torch", "gguf", "models" }.SelectMany(folder => Directory.EnumerateFiles(Repository.File("tests", "fixtures", folder), "*", SearchOption.AllDirectories)))
        {
            var name = Path.GetRelativePath(Repository.File("tests", "fixtures"), copy);
            var original = Path.Combine(goldens, name.StartsWith("models", StringComparison.Ordinal) ? "" : "formats", name);
            if (Path.GetFileName(copy) == "README.md")
                continue;
            File.ReadAllBytes(copy).AsSpan().SequenceEqual(File.ReadAllBytes(original)).ShouldBeTrue(name);
            copies++;
        }

        copies.ShouldBe(207);
    }

    [Theory]
    [InlineData("torch", "| torch files | 45 | 45 | 22 | 23 | `TorchFileTests` |")]
    [InlineData("gguf", "| GGUF containers | 38 | 38 | 9 | 29 | `GgufContainerTests` |")]
    [InlineData("models", "| model folders | 6 | 6 | 6 | 0 | `TinyModelTests` |")]
    public void The_repository_s_fixtures_are_read_or_refused_as_expected(string folder, string row) => Walk(Repository.File("tests", "fixtures", folder)).ShouldContain(row);

    // A row for each kind of file.
    private static List<string> Walk(string root)
    {
        var counts = Rules.Select(_ => (Files: 0, Cases: 0, Read: 0, Refused: 0)).ToArray();
        foreach (var path in Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            var name = "/" + Path.Combine(Path.GetFileName(root), Path.GetRelativePath(root, path)).Replace('\\', '/');
            var index = Array.FindIndex(Rules, rule => Regex.IsMatch(name, $"/{rule.Pattern}$"));
            index.ShouldBeGreaterThanOrEqualTo(0, $"no test knows {path}; give it a rule");
            ref var count = ref counts[index];
            count.Files++;
            if (Rules[index].Read is not { } read)
                continue;
            string? refusal = null;
            try
            {
                count.Cases += read(path);
                count.Read++;
            }
            catch (CapvecException e)
            {
                refusal = e.Message;
                count.Cases++;
                count.Refused++;
            }

            switch (Outcome(path))
            {
                case "refused":
                    refusal.ShouldNotBeNull($"{path} should be refused");
                    refusal.ShouldContain(path);
                    refusal.ShouldNotContain('\n');
                    break;
                case "reads":
                    refusal.ShouldBeNull();
                    break;
                default:
                    // Both are right; which it is, is counted.
                    break;
            }
        }

        File.Exists("PWNED").ShouldBeFalse();
        return [.. Rules.Zip(counts).Where(pair => pair.Second.Files > 0).Select(pair => pair.First.Read is null
            ? $"| {pair.First.Kind} | {pair.Second.Files} | | | | |"
            : $"| {pair.First.Kind} | {pair.Second.Files} | {pair.Second.Cases} | {pair.Second.Read} | {pair.Second.Refused} | {pair.First.Compared} |")];
    }

    // What expected.json beside the file says; all other files are there to be read.
    private static string Outcome(string path)
    {
        var list = Path.Combine(Path.GetDirectoryName(path)!, "expected.json");
        if (!File.Exists(list))
            return "reads";
        if (!Expected.TryGetValue(list, out var rows))
            Expected[list] = rows = JsonElement.Parse(File.ReadAllText(list));
        return rows.GetProperty(Path.GetFileName(path)).GetProperty("outcome").GetString()!;
    }

    private static int Done(object? value)
    {
        value.ShouldNotBeNull();
        return 1;
    }

    private static int CountLines(string path) => File.ReadLines(path).Count(line => JsonElement.Parse(line).ValueKind == JsonValueKind.Object);

    private static int ReadGguf(string path)
    {
        using var file = GgufFile.Open(path);
        foreach (var tensor in file.Tensors.Values)
            file.ReadFloat32(tensor.Name).LongLength.ShouldBe(tensor.Count);
        return 1;
    }

    // As a command does that adds it: directions that are to be taken out are refused there.
    private static int AddVector(string path)
    {
        DirectionFile.Load(path).CheckUse(SteeringOperation.Add, path);
        return 1;
    }

    private static int ReadBlocks(string path)
    {
        var type = Enum.Parse<GgufType>(Path.GetFileName(path).Split('.')[0]);
        var expected = MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(Path.ChangeExtension(path, "f32")));
        var actual = new float[expected.Length];
        GgufBlocks.Dequantize(type, File.ReadAllBytes(path), actual);
        for (var i = 0; i < actual.Length; i++)
            (BitConverter.SingleToUInt32Bits(actual[i]) == BitConverter.SingleToUInt32Bits(expected[i]) || (float.IsNaN(actual[i]) && float.IsNaN(expected[i]))).ShouldBeTrue($"{path}[{i}]");
        return 1;
    }

    private static int ReadSafetensors(string path)
    {
        using var file = SafetensorsFile.Open(path);
        foreach (var tensor in file.Tensors.Values)
        {
            var count = tensor.Dtype.IsFloat() ? file.ReadFloat32(tensor.Name).LongLength : file.ReadInt64(tensor.Name).LongLength;
            count.ShouldBe(tensor.Count, tensor.Name);
        }

        return 1;
    }

    private static int LoadModel(string path)
    {
        using var model = LanguageModel.Load(path);
        return 1;
    }

    private static int LoadAdapter(string config)
    {
        var folder = Path.GetDirectoryName(config)!;
        using var model = LanguageModel.Load(Path.GetDirectoryName(folder)!);
        using var adapter = model.LoadAdapter(folder);
        return 1;
    }

    private static int LoadTokenizer(string path)
    {
        using var folder = new TemporaryFolder();
        using (var packed = File.OpenRead(path))
        using (Stream plain = path.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(packed, CompressionMode.Decompress) : packed)
        using (var file = File.Create(folder.File("tokenizer.json")))
            plain.CopyTo(file);
        Tokenizer.Load(folder.Path).Count.ShouldBeGreaterThan(0);
        return 1;
    }

    // The F16 file holds the same weights, so both loaders have to compute the same.
    private static int LoadBesideGguf(string weights)
    {
        using var folder = new TemporaryFolder();
        File.Copy(weights, folder.File("model.safetensors"));
        File.Copy(Path.ChangeExtension(weights, ".config.json"), folder.File("config.json"));
        using var expected = SafetensorsFile.Open(Path.ChangeExtension(weights, ".F16.expected.safetensors"));
        int[] ids = [.. expected.ReadInt64("input_ids").Select(id => (int)id)];
        var (checkpoint, gguf) = (Logits(folder.Path, ids), Logits(Path.ChangeExtension(weights, ".F16.gguf"), ids));
        foreach (var (a, b) in checkpoint.Zip(gguf))
            a.ShouldBe(b, 1e-4f * checkpoint.Max(Math.Abs), weights);
        return 1;
    }

    private static float[] Logits(string path, int[] ids)
    {
        using var model = LanguageModel.Load(path);
        using var engine = new InferenceEngine(model);
        return engine.ForwardAsync(new ForwardRequest { Tokens = ids, Logits = LogitRows.All }).GetAwaiter().GetResult().Logits;
    }
}
