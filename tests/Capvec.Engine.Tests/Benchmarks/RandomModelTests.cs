using Capvec.Engine.Benchmarks;
using Capvec.Engine.Benchmarks.RandomModels;
using Capvec.Engine.Loading;
using Capvec.Engine.Requests;
using Capvec.Engine.Scheduling;
using Capvec.Formats.Errors;
using Capvec.Formats.Gguf;

namespace Capvec.Engine.Tests.Benchmarks;

/// <summary>The tiny shape has more value heads than key heads, so its GGUF file has every change of order that a published one has.</summary>
public sealed class RandomModelTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("capvec-test-").FullName;
    private readonly RandomShape _shape = RandomShape.Named("tiny");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("f32")]
    [InlineData("bf16")]
    public async Task A_folder_and_a_file_of_one_shape_are_the_same_model_to_the_bit(string format)
    {
        RandomModelFolder.Write(_shape, At("folder"));
        RandomModelGguf.Write(_shape, format, At("file.gguf"));
        (await Logits("file.gguf")).ShouldBe(await Logits("folder"));
    }

    [Theory]
    [InlineData("f16", 0.001)]
    [InlineData("q8_0", 0.35)]
    [InlineData("q4_0", 2)]
    [InlineData("q4_K", 2)]
    public async Task A_rounded_file_is_near_the_same_model(string format, double mostError)
    {
        RandomModelFolder.Write(_shape, At("folder"));
        RandomModelGguf.Write(_shape, format, At("file.gguf"));
        var (exact, near) = (await Logits("folder"), await Logits("file.gguf"));
        near.ShouldNotBe(exact);
        var error = Math.Sqrt(exact.Zip(near, (a, b) => (a - b) * (double)(a - b)).Average() / exact.Average(a => a * (double)a));
        error.ShouldBeLessThan(mostError);
    }

    [Fact]
    public void Matrices_are_of_the_asked_type_and_everything_else_is_float32()
    {
        RandomModelGguf.Write(_shape, "q4_K", At("file.gguf"));
        using var file = GgufFile.Open(At("file.gguf"));
        file.Find("token_embd.weight").Type.ShouldBe(GgufType.Q6_K);
        file.Find("blk.0.ssm_out.weight").Type.ShouldBe(GgufType.Q4_K);
        file.Find("blk.0.ssm_conv1d.weight").Type.ShouldBe(GgufType.F32);
        file.Find("blk.3.attn_q_norm.weight").Type.ShouldBe(GgufType.F32);
        file.ReadFloat32("blk.0.ssm_a").ShouldAllBe(a => a < 0);
        file.Metadata.Values["tokenizer.ggml.tokens"].ShouldBeOfType<string[]>().Distinct().Count().ShouldBe(_shape.Vocabulary);
    }

    [Fact]
    public void The_published_shapes_have_the_published_numbers_of_parameters()
    {
        // Text parameters of the published models, the embedding counted once.
        static long Count(string name)
        {
            var s = RandomShape.Named(name);
            var attention = ((2L * s.Heads) + (2 * s.KvHeads) + s.Heads) * s.HeadDim * s.Hidden + (2 * s.HeadDim);
            var delta = ((long)s.ConvDim + s.ValueDim + (2 * s.ValueHeads) + s.ValueDim) * s.Hidden + (s.ConvDim * RandomShape.ConvKernel) + (2 * s.ValueHeads) + s.LinearDim;
            var common = (3L * s.Intermediate * s.Hidden) + (2 * s.Hidden);
            return ((long)s.Vocabulary * s.Hidden) + s.Hidden + Enumerable.Range(0, s.Layers).Sum(l => common + (s.IsAttention(l) ? attention : delta));
        }

        (Count("0.8B"), Count("2B"), Count("4B")).ShouldBe((752_393_024, 1_881_825_088, 4_205_751_296));
    }

    [Fact]
    public void An_unknown_shape_or_format_is_refused_with_those_that_exist()
    {
        Should.Throw<CapvecException>(() => RandomShape.Named("5B")).Message.ShouldBe("shape \"5B\" is not known; expected 0.8B, 2B, 4B, tiny.");
        Should.Throw<CapvecException>(() => RandomModelGguf.Write(_shape, "q9", At("x.gguf"))).Message.ShouldContain("expected f32, bf16, f16, q8_0, q4_0, q4_K");
        File.Exists(At("x.gguf")).ShouldBeFalse();
    }

    private string At(string name) => Path.Combine(_folder, name);

    private async Task<float[]> Logits(string name)
    {
        using var model = LanguageModel.Load(At(name));
        using var engine = new InferenceEngine(model);
        return (await engine.ForwardAsync(new ForwardRequest { Tokens = EngineTimer.Tokens(_shape.Vocabulary, 3, 40), Logits = LogitRows.All })).Logits;
    }
}
