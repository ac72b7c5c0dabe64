using Capvec.Engine.Conversion;
using Capvec.Engine.Loading;
using Capvec.Engine.Requests;
using Capvec.Engine.Scheduling;
using Capvec.Engine.Tests.Goldens;
using Capvec.Formats.Errors;
using Capvec.Formats.Gguf;

namespace Capvec.Engine.Tests.Lora;

/// <summary>An adapter written as GGUF does what its PEFT folder does, on the folder of its model and on its GGUF file.</summary>
public sealed class GgufLoraTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("capvec-lora-").FullName;

    private string File => Path.Combine(_folder, "adapter.gguf");

    [Theory]
    [InlineData("qwen35-tiny", "lora-all", 0)]
    [InlineData("qwen35-vl-names", "lora-vl", 0)]
    [InlineData("qwen35-tiny", "lora-rs", Tolerances.Logits / 10)]
    [InlineData("llama-tiny", "lora-pattern", Tolerances.Logits / 10)]
    public async Task It_reads_back_as_what_it_was(string name, string adapterName, double tolerance)
    {
        // With one alpha / r for all modules the numbers are the same bits; else what is left of the scale has been multiplied into B.
        using var tiny = new TinyModel(name);
        var folder = Path.Combine(tiny.Folder, adapterName);
        AdapterConverter.Convert(folder, tiny.Folder, File);
        var base32 = Path.Combine(_folder, "model.gguf");
        GgufConverter.Convert(tiny.Folder, "f32", base32);
        using var copy = LanguageModel.Load(base32);
        var request = new ForwardRequest { Tokens = tiny.Tokens("seq37.tokens"), Logits = LogitRows.All };
        using var engine = new InferenceEngine(tiny.Model);
        using var other = new InferenceEngine(copy);
        using var peft = tiny.Model.LoadAdapter(folder);
        using var gguf = tiny.Model.LoadAdapter(File);
        using var onCopy = copy.LoadAdapter(File);
        using var peftOnCopy = copy.LoadAdapter(folder);
        gguf.Name.ShouldBe("adapter");

        var plain = await engine.ForwardAsync(request, TestContext.Current.CancellationToken);
        var expected = await engine.ForwardAsync(request with { Adapter = peft }, TestContext.Current.CancellationToken);
        expected.Logits.Zip(plain.Logits, (a, b) => Math.Abs(a - b)).Max().ShouldBeGreaterThan(0.05f);
        var actual = await engine.ForwardAsync(request with { Adapter = gguf }, TestContext.Current.CancellationToken);
        var expectedOnCopy = await other.ForwardAsync(request with { Adapter = peftOnCopy }, TestContext.Current.CancellationToken);
        var actualOnCopy = await other.ForwardAsync(request with { Adapter = onCopy }, TestContext.Current.CancellationToken);
        if (tolerance == 0)
        {
            actual.Logits.AsSpan().SequenceEqual(expected.Logits).ShouldBeTrue();
            actualOnCopy.Logits.AsSpan().SequenceEqual(expectedOnCopy.Logits).ShouldBeTrue();
        }

        Compare.Rows(actual.Logits, expected.Logits, tiny.Model.Vocabulary, Tolerances.Logits / 10, "logits");
        Compare.Rows(actualOnCopy.Logits, expectedOnCopy.Logits, tiny.Model.Vocabulary, Tolerances.Logits / 10, "logits of the GGUF model");
    }

    [Fact]
    public void The_file_holds_what_llama_cpp_reads()
    {
        using var tiny = new TinyModel("llama-tiny");
        AdapterConverter.Convert(Path.Combine(tiny.Folder, "lora-pattern"), tiny.Folder, File);
        using var file = GgufFile.Open(File);
        file.Metadata.GetString("general.type").ShouldBe("adapter");
        file.Metadata.GetString("general.architecture").ShouldBe("llama");
        file.Metadata.GetString("adapter.type").ShouldBe("lora");
        file.Metadata.Values["adapter.lora.alpha"].ShouldBeOfType<float>();
        foreach (var a in file.Tensors.Values.Where(t => t.Name.EndsWith(".lora_a", StringComparison.Ordinal)))
        {
            var b = file.Find(a.Name[..^1] + "b");
            a.Dimensions[1].ShouldBe(b.Dimensions[0]);
            a.Name.ShouldStartWith("blk.");
        }
    }

    [Theory]
    [InlineData("general.architecture", "llama", "is an adapter of a llama model, but the model is qwen35")]
    [InlineData("general.type", "model", "expected \"adapter\"")]
    [InlineData("adapter.type", "ia3", "only \"lora\"")]
    [InlineData("adapter.lora.alpha", "much", "adapter.lora.alpha")]
    [InlineData("adapter.alora.invocation_tokens", new[] { 1 }, "begin to act at certain tokens")]
    public void What_would_be_applied_wrongly_is_refused(string key, object value, string expected)
    {
        Small("blk.0.ffn_up.weight", 64, 72).Set(key, value).Write(File);
        Refused().ShouldContain(expected);
    }

    [Theory]
    [InlineData("token_embd.weight", 64, 160, "none that can be adapted")]
    [InlineData("blk.5.ffn_up.weight", 64, 72, "none that can be adapted in this model of 5 blocks")]
    [InlineData("blk.0.ffn_up.weight", 64, 73, "maps 64 to 73 numbers, but the model's matrix maps 64 to 72")]
    [InlineData("blk.0.ssm_out.weight", 40, 64, "which is not the model's size")]
    [InlineData("blk.0.attn_q.weight", 64, 64, "does not exist in this model")]
    public void Factors_of_another_model_are_refused(string tensor, int inputs, int outputs, string expected)
    {
        Small(tensor, inputs, outputs).Write(File);
        Refused().ShouldContain(expected);
    }

    [Fact]
    public void Broken_pairs_are_refused_and_an_alpha_of_0_means_no_scaling()
    {
        Small("blk.0.ffn_up.weight", 64, 72).Add("blk.0.ffn_down.weight.lora_a", GgufType.F32, [2, 72], (_, to) => to.Clear()).Write(File);
        Refused().ShouldContain("has no .lora_b beside it");
        Small("blk.0.ffn_up.weight", 64, 72).Add("blk.0.ffn_down.weight.lora_b", GgufType.F32, [64, 2], (_, to) => to.Clear()).Write(File);
        Refused().ShouldContain("'blk.0.ffn_down.weight.lora_b' is not one of a pair");
        Small("blk.0.ffn_up.weight", 64, 72).Write(File);
        GgufLora.Load(File).ScaleFor(2).ShouldBe(3);
        Small("blk.0.ffn_up.weight", 64, 72).Set("adapter.lora.alpha", 0f).Write(File);
        GgufLora.Load(File).ScaleFor(2).ShouldBe(1);
    }

    [Fact]
    public void An_adapter_is_not_taken_for_a_model_nor_a_model_for_an_adapter()
    {
        Small("blk.0.ffn_up.weight", 64, 72).Write(File);
        Should.Throw<CapvecException>(() => LanguageModel.Load(File)).Message.ShouldContain("is a LoRA adapter, not a model");
        using var tiny = new TinyModel("qwen35-tiny");
        GgufConverter.Convert(tiny.Folder, "f32", File);
        Should.Throw<CapvecException>(() => tiny.Model.LoadAdapter(File)).Message.ShouldContain("this is no LoRA adapter");
        Should.Throw<CapvecException>(() => AdapterConverter.Convert(Path.Combine(tiny.Folder, "lora-all"), Path.Combine(tiny.Folder, "..", "llama-tiny"), File)).Message.ShouldContain("is the adapter for another one?");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static GgufWriter Small(string tensor, int inputs, int outputs)
    {
        var writer = GgufLora.Begin("qwen35", 6, "small");
        GgufLora.Add(writer, new GgufLoraPair(tensor, 2, inputs, outputs, new float[2 * inputs], new float[outputs * 2]));
        return writer;
    }

    private string Refused()
    {
        using var tiny = new TinyModel("qwen35-tiny");
        var message = Should.Throw<CapvecException>(() => tiny.Model.LoadAdapter(File)).Message;
        message.ShouldContain(File);
        return message;
    }
}
