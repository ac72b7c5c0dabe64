using Capvec.Engine.Loading;
using Capvec.Engine.Requests;
using Capvec.Engine.Scheduling;
using Capvec.Engine.Tests.Goldens;
using Capvec.Formats.Errors;
using Capvec.Formats.Gguf;
using Capvec.Tests;

namespace Capvec.Engine.Tests.Loading;

/// <summary>A checkpoint of every family written as GGUF loads to the same model; files that would be computed wrongly are refused in one line.</summary>
public sealed class GgufTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("capvec-gguf-").FullName;

    private string File => Path.Combine(_folder, "copy.gguf");

    [Theory]
    [InlineData("qwen35-tiny", "qwen35")]
    [InlineData("qwen35-vl-names", "qwen35")]
    [InlineData("qwen3-tiny", "qwen3")]
    [InlineData("qwen2-tiny", "qwen2")]
    [InlineData("llama-tiny", "llama")]
    [InlineData("llama-plain", "llama")]
    public async Task A_copy_of_a_checkpoint_computes_the_same(string name, string architecture)
    {
        using var tiny = new TinyModel(name);
        GgufCopy.Of(tiny.Folder, tiny.Model.Config, architecture).Write(File);
        using var copy = LanguageModel.Load(File);
        copy.Name.ShouldBe("copy");
        copy.Notes.ShouldBeEmpty();
        copy.StopTokens.ShouldBe([2]);
        copy.Config.Family.ShouldBe(tiny.Model.Config.Family);

        using var engine = new InferenceEngine(tiny.Model);
        using var other = new InferenceEngine(copy);
        var adapters = Directory.EnumerateDirectories(tiny.Folder).Order(StringComparer.Ordinal).Prepend(null);
        foreach (var adapter in adapters)
        {
            using var mine = adapter is null ? null : tiny.Model.LoadAdapter(adapter);
            using var its = adapter is null ? null : copy.LoadAdapter(adapter);
            var request = new ForwardRequest { Tokens = tiny.Tokens("seq37.tokens"), Logits = LogitRows.All, Capture = new CaptureRequest { Reduction = CaptureReduction.All } };
            var expected = await engine.ForwardAsync(request with { Adapter = mine }, TestContext.Current.CancellationToken);
            var actual = await other.ForwardAsync(request with { Adapter = its }, TestContext.Current.CancellationToken);

            // The same weights give the same bits; only Llama 3's frequencies are rounded once more on their way through the file.
            if (architecture != "llama")
                actual.Logits.AsSpan().SequenceEqual(expected.Logits).ShouldBeTrue();
            Compare.Rows(actual.Logits, expected.Logits, copy.Vocabulary, Tolerances.Logits / 10, "logits");
            foreach (var (a, e) in actual.Capture!.Values.Zip(expected.Capture!.Values))
                Compare.Rows(a, e, copy.Hidden, Tolerances.Residual / 10, "resid_post");
        }
    }

    [Fact]
    public void The_prediction_head_is_left_out_and_counted()
    {
        Write("qwen35-tiny", "qwen35", writer => writer
            .Set("qwen35.block_count", 6u).Set("qwen35.nextn_predict_layers", 1u)
            .Add("blk.5.attn_norm.weight", GgufType.F32, [64], (_, to) => to.Clear())
            .Add("blk.5.nextn.enorm.weight", GgufType.F32, [64], (_, to) => to.Clear()));
        using var model = LanguageModel.Load(File);
        model.Layers.ShouldBe(5);
        model.Notes.ShouldBe(["2 tensors of the multi-token-prediction head are not used."]);
    }

    [Theory]
    [InlineData("general.architecture", "gpt2", "general.architecture \"gpt2\" is not supported; this version runs llama, qwen2, qwen3, qwen35")]
    [InlineData("llama.rope.scaling.type", "yarn", "rope.scaling.type \"yarn\"")]
    [InlineData("llama.rope.scaling.type", "linear", "rope.scaling.factor")]
    [InlineData("llama.expert_count", 8u, "mixtures of experts")]
    [InlineData("llama.attention.sliding_window", 4096u, "window")]
    [InlineData("llama.embedding_length", 60u, "the metadata ask for")]
    [InlineData("llama.embedding_length", "wide", "llama.embedding_length")]
    [InlineData("llama.attention.head_count_kv", 3u, "multiple")]
    [InlineData("llama.rope.dimension_count", 8u, "rope.dimension_count")]
    [InlineData("llama.block_count", 5u, "no tensor 'blk.4.attn_norm.weight'")]
    [InlineData("llama.block_count", 3u, "have no part in a Llama model")]
    public void What_would_be_computed_wrongly_is_refused(string key, object value, string expected)
    {
        Write("llama-tiny", "llama", writer => writer.Set(key, value));
        Refused(File).ShouldContain(expected);
    }

    [Fact]
    public void A_bias_that_the_family_does_not_have_is_refused()
    {
        Write("llama-tiny", "llama", writer => writer.Add("blk.0.attn_q.bias", GgufType.F32, [64], (_, to) => to.Clear()));
        Refused(File).ShouldContain("blk.0.attn_q.bias");
    }

    [Fact]
    public void A_missing_file_and_a_file_of_another_kind_are_refused()
    {
        Refused(File).ShouldContain(File);
        System.IO.File.WriteAllText(File, "not a model");
        Refused(File).ShouldContain(File);
        Refused(Repository.File("tests", "fixtures", "gguf", "models", "llama_tiny.cvec.gguf")).ShouldContain("\"controlvector\" is not supported");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static string Refused(string path)
    {
        var message = Should.Throw<CapvecException>(() => LanguageModel.Load(path)).Message;
        message.ShouldNotContain("\n");
        return message;
    }

    private void Write(string name, string architecture, Func<GgufWriter, GgufWriter> change)
    {
        using var tiny = new TinyModel(name);
        change(GgufCopy.Of(tiny.Folder, tiny.Model.Config, architecture)).Write(File);
    }
}
