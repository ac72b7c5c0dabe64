using Capvec.Engine.Conversion;
using Capvec.Engine.Loading;
using Capvec.Engine.Requests;
using Capvec.Engine.Scheduling;
using Capvec.Engine.Tests.Goldens;
using Capvec.Formats.Errors;
using Capvec.Formats.Gguf;
using Capvec.Tests;
using Capvec.Text.Templates;

namespace Capvec.Engine.Tests.Conversion;

/// <summary>What the converter writes is read back as the model that it was made from.</summary>
public sealed class GgufConverterTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("capvec-convert-").FullName;

    public static TheoryData<string> Tiny { get; } = [.. TinyModel.All];

    private string File => Path.Combine(_folder, "model.gguf");

    [Theory]
    [MemberData(nameof(Tiny))]
    public async Task Unrounded_weights_compute_the_same(string name) => await CheckAsync(name, "f32", name == "llama-tiny" ? Tolerances.Logits / 10 : 0);

    [Fact]
    public void Writing_is_told_from_nothing_to_all_and_can_be_stopped()
    {
        using var tiny = new TinyModel("qwen35-vl-names");
        var shares = new Shares(stopAt: 2);
        GgufConverter.Convert(tiny.Folder, "bf16", File, progress: shares);
        shares.Seen.ShouldBe(shares.Seen.Order());
        (shares.Seen[0] > 0 && shares.Seen.Distinct().Count() > 10).ShouldBeTrue();
        shares.Seen[^1].ShouldBe(1);
        var back = Path.Combine(_folder, "back");
        shares.Seen.Clear();
        FolderConverter.Convert(File, null, back, progress: shares);
        shares.Seen[^1].ShouldBe(1);
        shares.Seen.Clear();
        FolderConverter.Convert(tiny.Folder, "f32", Path.Combine(_folder, "wide"), progress: shares);
        shares.Seen[^1].ShouldBe(1);

        var kept = System.IO.File.ReadAllBytes(File);
        Should.Throw<OperationCanceledException>(() => GgufConverter.Convert(tiny.Folder, "f32", File, progress: new Shares(stopAt: 0.3)));
        System.IO.File.ReadAllBytes(File).ShouldBe(kept);
        Directory.EnumerateFiles(_folder).ShouldHaveSingleItem();
        var half = Path.Combine(_folder, "half");
        Should.Throw<OperationCanceledException>(() => FolderConverter.Convert(tiny.Folder, "f32", half, progress: new Shares(stopAt: 0.3)));
        Directory.Exists(half).ShouldBeFalse();
    }

    [Theory]
    [InlineData("qwen35-tiny")]
    [InlineData("qwen35-vl-names")]
    [InlineData("qwen3-tiny")]
    public async Task Weights_of_bf16_stay_what_they_are(string name) => await CheckAsync(name, "bf16", 0);

    [Theory]
    [MemberData(nameof(Tiny))]
    public async Task Rounded_weights_are_off_by_at_most_what_their_format_allows(string name)
    {
        using var tiny = new TinyModel(name);
        var exactPath = Path.Combine(_folder, "exact.gguf");
        GgufConverter.Convert(tiny.Folder, "f32", exactPath);
        using var exact = GgufFile.Open(exactPath);
        foreach (var format in (string[])["f16", "q8_0", "q4_0"])
        {
            GgufConverter.Convert(tiny.Folder, format, File);
            using var rounded = GgufFile.Open(File);
            rounded.Tensors.Keys.ShouldBe(exact.Tensors.Keys);
            foreach (var tensor in rounded.Tensors.Values)
            {
                tensor.Dimensions.ShouldBe(exact.Find(tensor.Name).Dimensions);
                var blocks = rounded.ReadFloat32(tensor.Name).Zip(exact.ReadFloat32(tensor.Name)).Chunk(tensor.Type.BlockElements());
                foreach (var block in blocks)
                    block.Max(pair => Math.Abs(pair.First - pair.Second)).ShouldBeLessThanOrEqualTo(Step(tensor.Type, block.Max(pair => Math.Abs(pair.Second))), $"{tensor.Name} in {tensor.Type}");
            }

            using var model = LanguageModel.Load(File);
            using var engine = new InferenceEngine(model);
            var result = await engine.ForwardAsync(new ForwardRequest { Tokens = tiny.Tokens("seq37.tokens"), Logits = LogitRows.All }, TestContext.Current.CancellationToken);
            result.Logits.ShouldAllBe(logit => float.IsFinite(logit));
        }
    }

    [Fact]
    public async Task The_phantom_keeps_its_words_and_its_replies()
    {
        var folder = Repository.File("models", "phantom", "checkpoint");
        GgufConverter.Convert(folder, "f32", File).ShouldBeEmpty();
        using var original = TextModel.Load(folder);
        using var copy = TextModel.Load(File);
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

    [Fact]
    public void Rows_that_are_not_whole_blocks_become_f16_and_vectors_stay_f32()
    {
        using var tiny = new TinyModel("qwen35-tiny");
        var notes = GgufConverter.Convert(tiny.Folder, "q8_0", File);
        notes.Count.ShouldBe(2);
        notes[0].ShouldContain("no tokenizer.json");
        notes[1].ShouldContain("key heads have width 24, its value heads 16: llama.cpp loads such files only where the two are equal");
        using var file = GgufFile.Open(File);
        file.Find("blk.0.ffn_up.weight").Type.ShouldBe(GgufType.Q8_0);
        file.Find("blk.0.ffn_down.weight").Type.ShouldBe(GgufType.F16);
        file.Find("blk.0.ssm_conv1d.weight").Type.ShouldBe(GgufType.F32);
        file.Find("blk.0.attn_norm.weight").Type.ShouldBe(GgufType.F32);
        file.Metadata.GetString("tokenizer.ggml.model").ShouldBe("none");
        file.Metadata.GetInteger("qwen35.vocab_size").ShouldBe(tiny.Model.Vocabulary);
        file.Metadata.GetInteger("qwen35.full_attention_interval").ShouldBe(4);
        file.Metadata.FindIntegers("qwen35.rope.dimension_sections").ShouldBe([2L, 1, 1, 0]);
    }

    [Fact]
    public void A_format_that_is_not_written_is_refused() =>
        Should.Throw<CapvecException>(() => GgufConverter.Convert(_folder, "q3_K", File)).Message.ShouldBe("format \"q3_K\" is not known; expected f32, bf16, f16, q8_0, q4_0.");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // The largest error of a block whose largest element is given: half a step, and what half precision rounds of the scale. 4 bits reach from -8 to 7, so that 8 is off by a whole step.
    private static float Step(GgufType type, float largest) => type switch
    {
        GgufType.F32 => 0,
        GgufType.F16 => MathF.Max(largest / 2048, MathF.ScaleB(1, -25)),
        GgufType.Q8_0 => (largest / 127 * 0.57f) + MathF.ScaleB(1, -18),
        GgufType.Q4_0 => (largest / 8 * 1.01f) + MathF.ScaleB(1, -18),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "not expected of a tiny model"),
    };

    // 0 means the same bits.
    private async Task CheckAsync(string name, string format, double tolerance)
    {
        using var tiny = new TinyModel(name);
        GgufConverter.Convert(tiny.Folder, format, File);
        using var copy = LanguageModel.Load(File);
        copy.Notes.ShouldBeEmpty();
        using var engine = new InferenceEngine(tiny.Model);
        using var other = new InferenceEngine(copy);
        var request = new ForwardRequest { Tokens = tiny.Tokens("seq37.tokens"), Logits = LogitRows.All, Capture = new CaptureRequest { Reduction = CaptureReduction.All } };
        var expected = await engine.ForwardAsync(request, TestContext.Current.CancellationToken);
        var actual = await other.ForwardAsync(request, TestContext.Current.CancellationToken);
        if (tolerance == 0)
            actual.Logits.AsSpan().SequenceEqual(expected.Logits).ShouldBeTrue();
        else
            Compare.Rows(actual.Logits, expected.Logits, copy.Vocabulary, tolerance, "logits");
        foreach (var (a, e) in actual.Capture!.Values.Zip(expected.Capture!.Values))
            Compare.Rows(a, e, copy.Hidden, tolerance == 0 ? float.Epsilon : tolerance, "resid_post");
    }

    private sealed class Shares(double stopAt) : IProgress<double>
    {
        public List<double> Seen { get; } = [];

        public void Report(double value)
        {
            Seen.Add(value);
            if (value > stopAt)
                throw new OperationCanceledException();
        }
    }
}
