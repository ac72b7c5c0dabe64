using System.Text.Json.Nodes;
using Capvec.Engine.Conversion;
using Capvec.Engine.Loading;
using Capvec.Engine.Requests;
using Capvec.Engine.Scheduling;
using Capvec.Engine.Tests.Goldens;
using Capvec.Engine.Tests.Loading;
using Capvec.Formats.Errors;
using Capvec.Formats.Gguf;
using Capvec.Formats.Safetensors;
using Capvec.Formats.Tensors;
using Capvec.Numerics.Kernels;
using Capvec.Tests;
using Capvec.Text.Templates;

namespace Capvec.Engine.Tests.Conversion;

/// <summary>A folder that went through a GGUF file and back is the model that it was.</summary>
public sealed class FolderConverterTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("capvec-folder-").FullName;

    public static TheoryData<string> Tiny { get; } = [.. TinyModel.All];

    private string Gguf => Path.Combine(_folder, "model.gguf");

    private string Back => Path.Combine(_folder, "back");

    [Theory]
    [MemberData(nameof(Tiny))]
    public async Task Unrounded_weights_come_back_bit_for_bit(string name)
    {
        using var tiny = new TinyModel(name);
        GgufConverter.Convert(tiny.Folder, "f32", Gguf);
        FolderConverter.Convert(Gguf, null, Back).ShouldHaveSingleItem().ShouldContain("no tokenizer");
        SameTensors(tiny.Folder, ElementType.F32);
        await SameLogits(tiny, name == "llama-tiny" ? Tolerances.Logits / 10 : 0);
    }

    [Theory]
    [InlineData("qwen35-tiny")]
    [InlineData("qwen35-vl-names")]
    [InlineData("qwen3-tiny")]
    [InlineData("llama-tiny")]
    public async Task Weights_of_bf16_come_back_in_bf16(string name)
    {
        using var tiny = new TinyModel(name);
        GgufConverter.Convert(tiny.Folder, "bf16", Gguf);
        FolderConverter.Convert(Gguf, null, Back);
        SameTensors(tiny.Folder, ElementType.BF16);
        await SameLogits(tiny, name == "llama-tiny" ? Tolerances.Logits / 10 : 0);
    }

    [Theory]
    [InlineData("qwen35_tiny.Q8_0")]
    [InlineData("qwen35_kmix.KMIX")]
    [InlineData("llama_tiny.Q8_0")]
    public async Task Quantised_weights_become_what_their_blocks_stand_for(string file)
    {
        var path = Repository.File("tests", "fixtures", "gguf", "models", file + ".gguf");
        FolderConverter.Convert(path, "f32", Back).ShouldContain(note => note.Contains("are quantised"));
        using var original = LanguageModel.Load(path);
        using var copy = LanguageModel.Load(Back);
        using var engine = new InferenceEngine(original, new EngineOptions { Activations = Activations.Float32 });
        using var other = new InferenceEngine(copy);
        var request = new ForwardRequest { Tokens = [1, 300, 301, 17, 512], Logits = LogitRows.All };
        var expected = await engine.ForwardAsync(request, TestContext.Current.CancellationToken);
        var actual = await other.ForwardAsync(request, TestContext.Current.CancellationToken);
        Compare.Rows(actual.Logits, expected.Logits, copy.Vocabulary, Tolerances.Logits, "logits");
    }

    [Fact]
    public async Task The_phantom_keeps_its_words_and_its_replies()
    {
        var folder = Repository.File("models", "phantom", "checkpoint");
        GgufConverter.Convert(folder, "bf16", Gguf);
        FolderConverter.Convert(Gguf, null, Back).ShouldBeEmpty();
        using var original = TextModel.Load(folder);
        using var copy = TextModel.Load(Back);
        ChatMessage[] messages = [new("user", "Count the lines of a.txt. <think> été ١٢٣")];
        var prompt = original.Template.Render(messages, addGenerationPrompt: true);
        copy.Template.Render(messages, addGenerationPrompt: true).ShouldBe(prompt);
        var ids = original.Tokenizer.Encode(prompt);
        copy.Tokenizer.Encode(prompt).ShouldBe(ids);
        copy.Tokenizer.Count.ShouldBe(original.Tokenizer.Count);
        copy.Tokenizer.AddedTokens.ShouldBe(original.Tokenizer.AddedTokens);
        copy.Model.StopTokens.ShouldBe(original.Model.StopTokens);

        using var engine = new InferenceEngine(original.Model);
        using var other = new InferenceEngine(copy.Model);
        var request = new GenerationRequest { Prompt = ids, MaxTokens = 40 };
        var expected = await engine.GenerateAsync(request, TestContext.Current.CancellationToken);
        (await other.GenerateAsync(request, TestContext.Current.CancellationToken)).Tokens.ShouldBe(expected.Tokens);
    }

    [Theory]
    [InlineData(10000, 8, 1, 4, 64)]
    [InlineData(500000, 8, 1, 4, 8192)]
    [InlineData(500000, 32, 1, 4, 8192)]
    [InlineData(100, 2, 1, 16, 40)]
    [InlineData(100, 3, 2, 8, 200)]
    [InlineData(10000, 1, 1, 4, 64)]
    public void Llama_s_stretched_frequencies_come_back(double theta, double factor, double low, double high, int context)
    {
        using var plain = new TinyModel("llama-plain");
        var folder = Directory.CreateDirectory(Path.Combine(_folder, "stretched")).FullName;
        File.Copy(Path.Combine(plain.Folder, "model.safetensors"), Path.Combine(folder, "model.safetensors"));
        var config = JsonNode.Parse(File.ReadAllText(Path.Combine(plain.Folder, "config.json")))!.AsObject();
        config["rope_parameters"] = new JsonObject
        {
            ["rope_type"] = "llama3", ["rope_theta"] = theta, ["factor"] = factor, ["low_freq_factor"] = low, ["high_freq_factor"] = high, ["original_max_position_embeddings"] = context,
        };
        File.WriteAllText(Path.Combine(folder, "config.json"), config.ToJsonString());
        GgufConverter.Convert(folder, "f32", Gguf);
        FolderConverter.Convert(Gguf, null, Back);
        var (expected, actual) = (ModelSurvey.Of(folder).Config.RotaryFrequencies, ModelSurvey.Of(Back).Config.RotaryFrequencies);
        actual.Length.ShouldBe(expected.Length);
        foreach (var (a, e) in actual.Zip(expected))
            a.ShouldBe(e, e * 2e-5f);
    }

    [Fact]
    public void Frequencies_stretched_by_another_rule_are_refused()
    {
        // Each divided by half as much again as the one before, where Llama's rule ends in a level.
        using var tiny = new TinyModel("qwen2-tiny");
        var pairs = tiny.Model.Config.RotaryFrequencies.Length;
        GgufCopy.Of(tiny.Folder, tiny.Model.Config, "qwen2").Add("rope_freqs.weight", GgufType.F32, [pairs], (_, to) =>
        {
            for (var i = 0; i < to.Length; i++)
                to[i] = 1 + (i * 0.5f);
        }).Write(Gguf);
        Should.Throw<CapvecException>(() => FolderConverter.Convert(Gguf, null, Back)).Message.ShouldContain("by another rule than Llama 3's");
    }

    [Fact]
    public void What_cannot_be_written_is_refused()
    {
        Directory.CreateDirectory(Back);
        File.WriteAllText(Path.Combine(Back, "mine.txt"), "");
        Should.Throw<CapvecException>(() => FolderConverter.Convert(Gguf, "f32", Back)).Message.ShouldContain("holds files already");
        Should.Throw<CapvecException>(() => FolderConverter.Convert(Gguf, "q8_0", _folder)).Message.ShouldContain("format \"q8_0\" is not known; expected f32, bf16, f16");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // Names without the prefixes of their classes, so that multimodal and text-only folders compare.
    private static Dictionary<string, (ElementType Type, float[] Values)> Read(string folder)
    {
        using var files = SafetensorsFolder.Open(folder);
        return files.Tensors.Values.Where(t => !t.Name.StartsWith("mtp.", StringComparison.Ordinal) && !t.Name.Contains("visual.", StringComparison.Ordinal))
            .ToDictionary(t => t.Name.Replace("language_model.", "", StringComparison.Ordinal), t => (t.Dtype, files.ReadFloat32(t.Name)));
    }

    // A_log may come back as a neighbour with the same exponential; everything else has to be the same number.
    private void SameTensors(string folder, ElementType matrices)
    {
        var (expected, actual) = (Read(folder), Read(Back));
        actual.Keys.Order().ShouldBe(expected.Keys.Order());
        foreach (var (name, (type, values)) in actual)
        {
            if (name.EndsWith("A_log", StringComparison.Ordinal))
                values.Select(MathF.Exp).ShouldBe(expected[name].Values.Select(MathF.Exp), name);
            else
                values.AsSpan().SequenceEqual(expected[name].Values).ShouldBeTrue(name);
            if (name.EndsWith("proj.weight", StringComparison.Ordinal))
                type.ShouldBe(matrices, name);
        }
    }

    private async Task SameLogits(TinyModel tiny, double tolerance)
    {
        using var copy = LanguageModel.Load(Back);
        copy.Notes.ShouldBeEmpty();
        using var engine = new InferenceEngine(tiny.Model);
        using var other = new InferenceEngine(copy);
        var request = new ForwardRequest { Tokens = tiny.Tokens("seq37.tokens"), Logits = LogitRows.All };
        var expected = await engine.ForwardAsync(request, TestContext.Current.CancellationToken);
        var actual = await other.ForwardAsync(request, TestContext.Current.CancellationToken);
        if (tolerance == 0)
            actual.Logits.AsSpan().SequenceEqual(expected.Logits).ShouldBeTrue();
        else
            Compare.Rows(actual.Logits, expected.Logits, copy.Vocabulary, tolerance, "logits");
    }
}
