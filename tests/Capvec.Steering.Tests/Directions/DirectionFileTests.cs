using Capvec.Formats.Errors;
using Capvec.Formats.Safetensors;
using Capvec.Formats.Torch;
using Capvec.Steering.Controls;
using Capvec.Steering.Directions;
using Capvec.Steering.Exchange;
using Capvec.Steering.Tests.Data;
using Capvec.Tests;

namespace Capvec.Steering.Tests.Directions;

public sealed class DirectionFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_saved_set_comes_back_with_every_bit_and_all_its_provenance()
    {
        var set = Sample();
        DirectionFile.SaveBoth(set, _folder.Path);
        var back = DirectionFile.Load(_folder.Path);
        back.Hash.ShouldBe(set.Hash);
        back.Layers.ShouldBe([0, 3, 11]);
        back.Provenance.ShouldBeEquivalentTo(set.Provenance);
        back.At(3).Margin.ShouldBe(1.0 / 3);
        back.At(11).Margin.ShouldBeNull();
        back.At(11).ResidualNorm.ShouldBe(60.5);
        back.Notes.ShouldBeEmpty();
    }

    [Fact]
    public void The_torch_file_comes_back_with_every_bit_and_says_what_is_not_known()
    {
        var set = Sample();
        DirectionFile.SaveBoth(set, _folder.Path);
        var back = DirectionFile.Load(_folder.File("dir.pt"));
        back.Hash.ShouldBe(set.Hash);
        back.Provenance.ShouldBe(DirectionProvenance.Unknown);
        back.At(3).Margin.ShouldBeNull();
        back.Notes[0].ShouldContain("0-based blocks");
        back.Notes[1].ShouldContain("does not say: model, estimator, positions, contrast, sign, training traces, date, version");
    }

    [Fact]
    public void Saving_twice_gives_the_same_bytes()
    {
        DirectionFile.SaveBoth(Sample(), _folder.File("1"));
        DirectionFile.SaveBoth(Sample(), _folder.File("2"));
        foreach (var name in new[] { "dir.pt", "dir.safetensors" })
            File.ReadAllBytes(_folder.File($"1/{name}")).ShouldBe(File.ReadAllBytes(_folder.File($"2/{name}")));
    }

    [Theory]
    [InlineData("dir_int_bf16.pt", 32)]
    [InlineData("dir_str_f32.pt", 32)]
    [InlineData("dir_views_one_storage.pt", 32)]
    [InlineData("deflated.pt", 32)]
    public void Dictionaries_of_other_tools_load_as_unit_vectors(string name, int layers)
    {
        var set = DirectionFile.Load(Repository.File("tests", "fixtures", "torch", name), LayerReading.ResidPost);
        set.Layers.ShouldBe(Enumerable.Range(0, layers));
        set.Hidden.ShouldBe(64);
        foreach (var direction in set.Directions)
            Direction.Length(direction.Unit).ShouldBe(1, 1e-6);
        set.Notes.Length.ShouldBe(2); // bfloat16 rounding is no reason for a note
    }

    [Theory]
    [InlineData("dir_int_bf16.pt", "a dict of 32 with keys from 0 to 31, which does not say what the numbers count")]
    [InlineData("stacked_f32.pt", "holds 32 rows, which does not say what the numbers count")]
    [InlineData("list_bf16.pt", "holds 4 rows, which does not say")]
    [InlineData("metadata.pt", "key 'directions'; one of them may be chosen as")]
    [InlineData("parameter.pt", "key 'w'")]
    [InlineData("hostile_reduce.pt", "posix.system")]
    [InlineData("legacy.pt", "before 1.6")]
    [InlineData("truncated.pt", "truncated")]
    public void Files_that_do_not_say_which_layer_a_vector_is_of_or_mean_harm_are_refused_in_one_line(string name, string expected)
    {
        var message = Should.Throw<CapvecException>(() => DirectionFile.Load(Repository.File("tests", "fixtures", "torch", name))).Message;
        message.ShouldContain(expected);
        message.ShouldContain(name);
        message.ShouldNotContain('\n');
        File.Exists("PWNED").ShouldBeFalse();
    }

    [Fact]
    public void Vectors_of_another_length_are_brought_to_one_and_their_strength_is_told()
    {
        TorchWriter.Write(_folder.File("raw.pt"), [KeyValuePair.Create(4, new[] { 3f, 4 })]);
        var set = DirectionFile.Load(_folder.File("raw.pt"));
        set.At(4).Unit.ToArray().ShouldBe([0.6f, 0.8f]);
        set.Notes[1].ShouldContain("layer 4 had length 5 and was brought to 1");
    }

    [Fact]
    public void Vectors_that_are_no_directions_are_refused_with_file_and_layer()
    {
        foreach (var (vectors, expected) in new (KeyValuePair<int, float[]>[], string)[]
        {
            ([KeyValuePair.Create(4, new float[2])], "the direction at layer 4 has length 0"),
            ([KeyValuePair.Create(4, new[] { float.NaN, 1 })], "the direction at layer 4 has length NaN"),
            ([KeyValuePair.Create(4, Array.Empty<float>())], "layer 4 is a tensor [0]"),
            ([KeyValuePair.Create(-1, new float[] { 1 })], "with the key '-1'"),
            ([KeyValuePair.Create(4, new float[] { 1 }), KeyValuePair.Create(5, new float[] { 1, 2 })], "the direction at layer 5 has 2 numbers"),
            ([], "holds an empty dict"),
        })
        {
            TorchWriter.Write(_folder.File("x.pt"), vectors);
            var message = Should.Throw<CapvecException>(() => DirectionFile.Load(_folder.File("x.pt"))).Message;
            message.ShouldContain(expected);
            message.ShouldStartWith(_folder.File("x.pt"));
        }
    }

    [Fact]
    public void A_stacked_safetensors_tensor_is_read_when_it_is_named_or_the_only_one()
    {
        var path = _folder.File("v.safetensors");
        new SafetensorsWriter().Add("same_model", [2, 2], new float[] { 1, 0, 0, 1 }).Add("random", [2, 2], new float[] { 0, 1, 1, 0 }).Write(path);
        DirectionFile.Load(path + "#random").At(1).Unit.ToArray().ShouldBe([1f, 0]);
        Should.Throw<CapvecException>(() => DirectionFile.Load(path)).Message.ShouldContain("say which one: " + path + "#random");
        Should.Throw<CapvecException>(() => DirectionFile.Load(path + "#other")).Message.ShouldContain("no tensor 'other'");
        new SafetensorsWriter().Add("only", [2, 2], new float[] { 1, 0, 0, 1 }).Write(path);
        DirectionFile.Load(path).Layers.ShouldBe([0, 1]);
        new SafetensorsWriter().Add("only", [4], new float[] { 1, 0, 0, 1 }).Write(path);
        Should.Throw<CapvecException>(() => DirectionFile.Load(path)).Message.ShouldContain("neither tensors direction.N nor a tensor [layers, hidden]");
        new SafetensorsWriter { Metadata = { ["margin"] = "x" } }.Add("direction.1", [1], new float[] { 1 }).Write(path);
        Should.Throw<CapvecException>(() => DirectionFile.Load(path)).Message.ShouldContain("metadata 'margin'");
        new SafetensorsWriter().Add("direction.one", [1], new float[] { 1 }).Write(path);
        Should.Throw<CapvecException>(() => DirectionFile.Load(path)).Message.ShouldContain("'direction.one'");
    }

    [Fact]
    public void What_does_not_exist_is_said_to_be_missing()
    {
        Should.Throw<CapvecException>(() => DirectionFile.Load(_folder.Path)).Message.ShouldContain("neither dir.safetensors nor dir.pt");
        Should.Throw<CapvecException>(() => DirectionFile.Load(_folder.File("none.pt"))).Message.ShouldContain("does not exist");
        Should.Throw<CapvecException>(() => Sample().At(5)).Message.ShouldContain("the set has layers 0, 3, 11");
    }

    [Fact]
    public void Reference_vectors_load_by_name()
    {
        var path = Repository.Shared("phantom", "truth", "vectors.safetensors");
        var same = DirectionFile.Load(path + "#same_model");
        var random = DirectionFile.Load(path + "#random");
        same.Layers.ShouldBe(Enumerable.Range(0, 12));
        same.Hidden.ShouldBe(256);
        Math.Abs(same.At(3).Cosine(random.At(3))).ShouldBeLessThan(0.3);
    }

    private static DirectionSet Sample() => new(
        [
            new Direction(11, RandomDirection.Unit(16, 1), null, 60.5),
            new Direction(0, RandomDirection.Unit(16, 2), 1.25, 12),
            new Direction(3, RandomDirection.Unit(16, 3), 1.0 / 3),
        ],
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
