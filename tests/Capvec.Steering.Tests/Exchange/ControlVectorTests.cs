using System.Text.Json;
using Capvec.Engine.Interventions;
using Capvec.Formats.Errors;
using Capvec.Formats.Gguf;
using Capvec.Steering.Directions;
using Capvec.Steering.Exchange;
using Capvec.Steering.Tests.Data;
using Capvec.Tests;

namespace Capvec.Steering.Tests.Exchange;

/// <summary>GGUF control vectors: those of repeng and llama.cpp, odd ones, and our own.</summary>
public sealed class ControlVectorTests : IDisposable
{
    private static readonly JsonElement Expected = JsonDocument.Parse(File.ReadAllText(Fixture("expected.json"))).RootElement;

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Readable { get; } = [.. Names("reads"), .. Names("either")];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Readable))]
    public void Layers_are_the_numbers_of_the_file_and_lengths_are_kept(string name)
    {
        var set = DirectionFile.Load(Fixture(name));
        var vectors = Expected.GetProperty(name).GetProperty("vectors").EnumerateObject().ToDictionary(v => int.Parse(v.Name), v => v.Value.EnumerateArray().Select(x => x.GetSingle()).ToArray());
        set.Layers.ShouldBe(vectors.Keys.Order());
        foreach (var (layer, vector) in vectors)
        {
            // Two roundings to float32: of the unit vector and of this product.
            for (var i = 0; i < vector.Length; i++)
                ((float)(set.At(layer).Unit[i] * set.At(layer).Scale)).ShouldBe(vector[i], Math.Abs(vector[i]) * Math.Pow(2, -22));
        }

        set.Notes[0].ShouldContain("direction.N acts on the output of the 0-based block N");
    }

    [Theory]
    [InlineData("rank_k.gguf", "one of several directions of a layer")]
    [InlineData("f16.gguf", "is F16 [48]; expected float32 [hidden]")]
    [InlineData("two_rows.gguf", "is F32 [2, 48]; expected float32 [hidden]")]
    [InlineData("sizes_differ.gguf", "has 32 numbers")]
    [InlineData("bad_name.gguf", "'direction.x' is no direction")]
    [InlineData("negative.gguf", "'direction.-1' is no direction")]
    [InlineData("foreign_tensor.gguf", "'output.weight' is no direction")]
    [InlineData("no_tensors.gguf", "holds no tensors")]
    public void What_llama_cpp_would_misread_or_refuse_is_refused_by_name(string name, string expected) =>
        Should.Throw<CapvecException>(() => DirectionFile.Load(Fixture(name))).Message.ShouldContain(expected);

    [Fact]
    public void Directions_of_GLP_that_are_to_be_projected_out_are_never_added()
    {
        var set = DirectionFile.Load(Fixture("glp_project.gguf"));
        set.Provenance.IsForAblation.ShouldBeTrue();
        set.Notes.ShouldContain(note => note.Contains("mode is project"));
        Should.Throw<CapvecException>(() => set.CheckUse(SteeringOperation.Add, "x"));
        Should.Throw<CapvecException>(() => set.CheckUse(SteeringOperation.AddKeepNorm, "x"));
        Should.Throw<CapvecException>(() => DirectionWriter.Write(set, _folder.File("x.gguf"), VectorForm.Gguf)).Message.ShouldContain("llama.cpp can only add");
        File.Exists(_folder.File("x.gguf")).ShouldBeFalse();
    }

    [Fact]
    public void The_generators_shift_is_told_where_it_may_be()
    {
        DirectionFile.Load(Fixture("llama_cpp.gguf")).Notes.ShouldContain(note => note.Contains("measured after block N-1"));
        DirectionFile.Load(Fixture("repeng.gguf")).Notes.ShouldNotContain(note => note.Contains("measured after block N-1"));
        DirectionFile.Load(Fixture("llama_cpp.gguf"), LayerReading.HiddenStates).Layers.ShouldBe([0, 1, 2, 3, 4]);
        DirectionFile.Load(Fixture("zero_layer.gguf")).Notes.ShouldContain(note => note.Contains("llama.cpp refuses the whole file"));
    }

    [Theory]
    [InlineData("glp.mode", "rotate", "glp.mode is rotate; expected add or project")]
    [InlineData("glp.hook_point", "ffn_out_pre_residual", "glp.hook_point is ffn_out_pre_residual")]
    [InlineData("glp.layer_ids_zero_based", "1", "the tensors are of layers 2")]
    [InlineData("glp.content_sha256", "00", "glp.content_sha256 is not that of the tensors")]
    public void GLP_fails_closed(string key, string value, string expected)
    {
        Write(2, (key, value));
        Should.Throw<CapvecException>(() => DirectionFile.Load(_folder.File("x.gguf"))).Message.ShouldContain(expected);
        Write(0, ("glp.mode", "add"));
        Should.Throw<CapvecException>(() => DirectionFile.Load(_folder.File("x.gguf"))).Message.ShouldContain("direction.0, which GLP forbids");
        Write(2, ("glp.spec_version", 3u));
        Should.Throw<CapvecException>(() => DirectionFile.Load(_folder.File("x.gguf"))).Message.ShouldContain("glp.spec_version is 3");
        Write(2, ("glp.rank", 2u));
        Should.Throw<CapvecException>(() => DirectionFile.Load(_folder.File("x.gguf"))).Message.ShouldContain("glp.rank is 2");
    }

    [Fact]
    public void GLPs_strength_and_origin_are_told_and_kept()
    {
        Write(2, ("glp.mode", "project"), ("glp.alpha_default", 4f), ("glp.method", "paired"), ("glp.contrast", "a minus b"), ("general.base_model.0.name", "M"), ("glp.created", "2026-08-01"));
        var set = DirectionFile.Load(_folder.File("x.gguf"));
        set.Notes.ShouldContain(note => note.Contains("alpha_default is 4; Capvec's ablate takes the component out once"));
        set.Notes.ShouldContain(note => note.EndsWith("made for M", StringComparison.Ordinal));
        (set.Provenance.Estimator, set.Provenance.Contrast).ShouldBe(("paired", "a minus b"));
        set.Provenance.Created.ShouldBe(new DateTimeOffset(2026, 8, 1, 0, 0, 0, TimeSpan.Zero));
        DirectionWriter.Write(set, _folder.File("y.gguf"), VectorForm.Glp).ShouldBeEmpty();
        var back = DirectionFile.Load(_folder.File("y.gguf"));
        back.Provenance.ShouldBeEquivalentTo(set.Provenance);
        back.Hash.ShouldBe(set.Hash);
    }

    private void Write(int layer, params (string Key, object Value)[] values)
    {
        var writer = new GgufWriter().Set("general.architecture", "controlvector");
        foreach (var (key, value) in values)
            writer.Set(key, value);
        writer.Add($"direction.{layer}", GgufType.F32, [2], (_, to) => new[] { 0.6f, 0.8f }.CopyTo(to)).Write(_folder.File("x.gguf"));
    }

    private static string Fixture(string name) => Repository.File("tests", "fixtures", "gguf", "cvec", name);

    private static IEnumerable<string> Names(string outcome) => Expected.EnumerateObject().Where(f => f.Value.TryGetProperty("outcome", out var o) && o.ValueEquals(outcome)).Select(f => f.Name);
}
