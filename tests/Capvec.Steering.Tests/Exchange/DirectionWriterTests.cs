using System.IO.Compression;
using Capvec.Formats.Errors;
using Capvec.Formats.Gguf;
using Capvec.Steering.Controls;
using Capvec.Steering.Directions;
using Capvec.Steering.Exchange;
using Capvec.Steering.Tests.Data;
using FsCheck;
using FsCheck.Fluent;

namespace Capvec.Steering.Tests.Exchange;

/// <summary>Every form that is written comes back: layers and directions in all, lengths and provenance where the form has a place for them.</summary>
public sealed class DirectionWriterTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(VectorForm.Safetensors, "x.safetensors")]
    [InlineData(VectorForm.Dict, "x.pt")]
    [InlineData(VectorForm.Stacked, "x.pt")]
    [InlineData(VectorForm.Gguf, "x.gguf")]
    [InlineData(VectorForm.Glp, "x.gguf")]
    public void Vectors_of_any_length_come_back_as_they_were(VectorForm form, string name) => Prop.ForAll(
        Gen.Choose(1, 5).Zip(Gen.Choose(-8, 8).Select(e => Math.Pow(10, e / 2.0))).ToArbitrary(),
        given =>
        {
            var (layers, scale) = given;
            var isControlVector = form is VectorForm.Gguf or VectorForm.Glp;
            var set = new DirectionSet(Enumerable.Range(isControlVector ? 1 : 0, layers).Select(l => new Direction(l, RandomDirection.Unit(8, (ulong)l)) { Scale = scale * (l + 1) }), DirectionProvenance.Unknown);
            DirectionWriter.Write(set, _folder.File(name), form);
            var back = DirectionFile.Load(_folder.File(name));
            back.Layers.ShouldBe(set.Layers);
            foreach (var direction in set.Directions)
            {
                // The vector is rounded to float32 when it is written, and its unit when it is read: 2^-24 each, and twice that for the length's own error.
                var read = back.At(direction.Layer);
                read.Scale.ShouldBe(direction.Scale, direction.Scale * Math.Pow(2, -22));
                for (var i = 0; i < 8; i++)
                    read.Unit[i].ShouldBe(direction.Unit[i], Math.Pow(2, -22));
            }
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData(VectorForm.Safetensors, "x.safetensors")]
    [InlineData(VectorForm.Gguf, "x.gguf")]
    [InlineData(VectorForm.Glp, "x.gguf")]
    public void Unit_directions_come_back_with_every_bit_and_all_that_is_known(VectorForm form, string name)
    {
        var set = Known();
        DirectionWriter.Write(set, _folder.File(name), form).ShouldBeEmpty();
        var back = DirectionFile.Load(_folder.File(name));
        back.Hash.ShouldBe(set.Hash);
        back.Provenance.ShouldBeEquivalentTo(set.Provenance);
        back.At(2).Margin.ShouldBe(1.25);
        back.At(5).Margin.ShouldBeNull();
        back.At(5).ResidualNorm.ShouldBe(60.5);
    }

    [Fact]
    public void A_control_vector_is_what_llama_cpp_reads()
    {
        DirectionWriter.Write(Known(), _folder.File("x.gguf"), VectorForm.Gguf, modelHint: "qwen35");
        using var file = GgufFile.Open(_folder.File("x.gguf"));
        file.Metadata.GetString("general.architecture").ShouldBe("controlvector");
        file.Metadata.GetString("controlvector.model_hint").ShouldBe("qwen35");
        file.Metadata.Values["controlvector.layer_count"].ShouldBe(2);
        file.Tensors.Keys.ShouldBe(["direction.2", "direction.5"]);
        file.Tensors.Values.ShouldAllBe(t => t.Type == GgufType.F32 && t.Dimensions.Length == 1);
    }

    [Fact]
    public void Block_0_is_left_out_of_control_vectors_and_said_to_be()
    {
        var both = new DirectionSet([new Direction(0, [1f, 0]), new Direction(1, [0f, 1])], DirectionProvenance.Unknown);
        DirectionWriter.Write(both, _folder.File("x.gguf"), VectorForm.Gguf).ShouldBe([$"{_folder.File("x.gguf")}: layer 0 is left out; a control vector begins with block 1"]);
        DirectionFile.Load(_folder.File("x.gguf")).Layers.ShouldBe([1]);
        var only = new DirectionSet([new Direction(0, [1f, 0])], DirectionProvenance.Unknown);
        Should.Throw<CapvecException>(() => DirectionWriter.Write(only, _folder.File("y.gguf"), VectorForm.Gguf)).Message.ShouldContain("only direction is of layer 0");
    }

    [Fact]
    public void Lengths_are_own_unit_or_the_margin()
    {
        var set = new DirectionSet([new Direction(1, [0.6f, 0.8f], margin: 5) { Scale = 10 }], DirectionProvenance.Unknown);
        foreach (var (lengths, expected) in new[] { (VectorLengths.Own, 10.0), (VectorLengths.Unit, 1), (VectorLengths.Margin, 5) })
        {
            DirectionWriter.Write(set, _folder.File("x.gguf"), VectorForm.Gguf, lengths);
            DirectionFile.Load(_folder.File("x.gguf")).At(1).Scale.ShouldBe(expected, 1e-6);
        }

        var unknown = new DirectionSet([new Direction(1, [1f, 0])], DirectionProvenance.Unknown);
        Should.Throw<CapvecException>(() => DirectionWriter.Write(unknown, _folder.File("x.gguf"), VectorForm.Gguf, VectorLengths.Margin)).Message.ShouldContain("margin at layer 1 is not known");
    }

    [Fact]
    public void A_stack_with_gaps_is_refused_because_rows_are_layers() =>
        Should.Throw<CapvecException>(() => DirectionWriter.Write(Known(), _folder.File("x.pt"), VectorForm.Stacked)).Message.ShouldContain("the set has layers 2, 5 only");

    [Fact]
    public void A_file_of_ours_is_known_by_its_content_and_a_changed_one_is_not()
    {
        DirectionFile.SaveTorch(Known(), _folder.File("dir.pt"));
        DirectionFile.Load(_folder.File("dir.pt")).Layers.ShouldBe([2, 5]);
        using (var from = ZipFile.OpenRead(_folder.File("dir.pt")))
        using (var to = ZipFile.Open(_folder.File("changed.pt"), ZipArchiveMode.Create))
        {
            foreach (var entry in from.Entries)
            {
                using var content = new MemoryStream();
                using (var read = entry.Open())
                    read.CopyTo(content);
                if (entry.FullName.EndsWith("data/0", StringComparison.Ordinal))
                    content.GetBuffer()[0] ^= 1;
                using var write = to.CreateEntry(entry.FullName).Open();
                write.Write(content.GetBuffer(), 0, (int)content.Length);
            }
        }

        Should.Throw<CapvecException>(() => DirectionFile.Load(_folder.File("changed.pt"))).Message.ShouldContain("does not say what the numbers count");
    }

    private static DirectionSet Known() => new(
        [new Direction(5, RandomDirection.Unit(16, 1), null, 60.5), new Direction(2, RandomDirection.Unit(16, 2), 1.25, 12)],
        new DirectionProvenance
        {
            ModelHash = "0123456789abcdef",
            Estimator = "mean-difference",
            Positions = "mean over the agent's tokens",
            Contrast = "\"solved\" minus gelöst",
            Sign = "towards solved",
            TrainingTraces = ["a/1.json", "b/2.json"],
            Created = new DateTimeOffset(2026, 8, 1, 12, 0, 0, 123, TimeSpan.Zero),
            CapvecVersion = "0.1.0",
        });
}
