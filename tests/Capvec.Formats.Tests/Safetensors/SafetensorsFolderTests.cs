using Capvec.Formats.Errors;
using Capvec.Formats.Safetensors;
using Capvec.Formats.Tests.Files;
using Capvec.Tests;

namespace Capvec.Formats.Tests.Safetensors;

public sealed class SafetensorsFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Shards_read_as_one_set_of_tensors_under_any_file_names()
    {
        TwoShards("""{"metadata":{"total_size":16},"weight_map":{"a":"one.weights","b":"model.safetensors-00002-of-00002.safetensors"}}""");
        using var model = SafetensorsFolder.Open(_folder.Path);
        model.Tensors.Keys.Order().ShouldBe(["a", "b"]);
        model.ReadFloat32("a").ShouldBe([1f, 2]);
        model.ReadFloat32("b").ShouldBe([3f, 4]);
        model.Files.Count.ShouldBe(2);
        Should.Throw<CapvecException>(() => model.ReadFloat32("c")).Message.ShouldContain("have no tensor 'c'");
    }

    [Theory]
    [InlineData("""{"weight_map":{"a":"one.weights","b":"three"}}""", "three is missing")]
    [InlineData("""{"weight_map":{"a":"one.weights","b":"one.weights"}}""", "has no tensor 'b'")]
    [InlineData("""{"weight_map":{"a":"../one.weights"}}""", "weight_map['a'] is \"../one.weights\"")]
    [InlineData("""{"weight_map":{"a":".."}}""", "plain name")]
    [InlineData("""{"weight_map":{"a":"x\\y"}}""", "plain name")]
    [InlineData("""{"weight_map":{"a":7}}""", "weight_map['a'] is 7")]
    [InlineData("""{"weight_map":{}}""", "weight_map is empty")]
    [InlineData("""{"weights":{}}""", "expected an object 'weight_map'")]
    [InlineData("""{"weight_map":{"a":"one.weights","a":"one.weights"}}""", "not valid JSON")]
    [InlineData("{\n\"weight_map\":{\n", "line 3")]
    [InlineData("[]", "expected a JSON object")]
    public void A_broken_index_is_refused_by_name(string index, string expected)
    {
        TwoShards(index);
        Should.Throw<CapvecException>(() => SafetensorsFolder.Open(_folder.Path)).Message.ShouldContain(expected);
    }

    [Fact]
    public void A_folder_without_an_index_is_read_from_its_single_file_and_an_empty_one_is_refused()
    {
        Should.Throw<CapvecException>(() => SafetensorsFolder.Open(_folder.Path)).Message.ShouldContain("neither model.safetensors.index.json nor model.safetensors");
        Should.Throw<CapvecException>(() => SafetensorsFolder.Open(_folder.File("absent"))).Message.ShouldContain("not a folder");
        new SafetensorsWriter().Add("x", [1], new float[] { 5 }).Write(_folder.File("model.safetensors"));
        using var model = SafetensorsFolder.Open(_folder.Path);
        model.ReadFloat32("x").ShouldBe([5f]);
    }

    [Theory]
    [InlineData("phantom", "checkpoint", 8_451_120)]
    [InlineData("goldens", "models/qwen35-vl-names", 0)]
    [InlineData("goldens", "models/llama-tiny", 0)]
    public void Reference_checkpoints_open_and_every_tensor_reads_as_finite_numbers(string place, string name, long parameters)
    {
        using var model = SafetensorsFolder.Open(Repository.Shared([place, .. name.Split('/')]));
        model.Tensors.Count.ShouldBeGreaterThan(10);
        foreach (var tensor in model.Tensors.Values)
            model.ReadFloat32(tensor.Name).All(float.IsFinite).ShouldBeTrue(tensor.Name);
        if (parameters > 0)
            model.Tensors.Values.Sum(t => t.Count).ShouldBe(parameters);
    }

    private void TwoShards(string index)
    {
        new SafetensorsWriter().Add("a", [2], new float[] { 1, 2 }).Write(_folder.File("one.weights"));
        new SafetensorsWriter().Add("b", [2], new float[] { 3, 4 }).Write(_folder.File("model.safetensors-00002-of-00002.safetensors"));
        _folder.Write(SafetensorsIndex.FileName, index);
    }
}
