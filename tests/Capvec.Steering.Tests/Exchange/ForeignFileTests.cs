using Capvec.Engine.Interventions;
using Capvec.Formats.Errors;
using Capvec.Steering.Directions;
using Capvec.Steering.Exchange;
using Capvec.Steering.Tests.Data;

namespace Capvec.Steering.Tests.Exchange;

/// <summary>Files of other tools, each read as that tool counts layers.</summary>
public sealed class ForeignFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("kind_response_avg_diff.pt", "persona_vectors", new[] { 0, 1, 2, 3 }, new[] { 1, 2, 3, 4 }, "row i of persona_vectors is hidden_states[i]; number 0 is the embeddings, number 4 is layer 3")]
    [InlineData("abliteration.pt", "llm-abliteration measurements", new[] { 0, 1, 2 }, new[] { 1, 2, 3 }, "the input of block i; number 0 is the embeddings, number 3 is layer 2")]
    [InlineData("caa/vec_layer_3_Llama-2-7b-chat-hf.pt", "CAA vector", new[] { 3 }, new[] { 3 }, "layer 3 of Llama-2-7b-chat-hf")]
    [InlineData("caa", "CAA folder", new[] { 2, 3 }, new[] { 2, 3 }, "number 2 is layer 2, number 3 is layer 3")]
    [InlineData("steering_vector.pt", "steering-vectors", new[] { 1, 3 }, new[] { 1, 3 }, "number 1 is layer 1")]
    [InlineData("steering_vector_dict.pt", "steering-vectors", new[] { 1, 3 }, new[] { 1, 3 }, "number 1 is layer 1")]
    [InlineData("cast.svec", "activation-steering (CAST) vector", new[] { 1, 2 }, new[] { 1, 2 }, "learned at the output of block N; number 1 is layer 1")]
    [InlineData("easysteer.json", "EasySteer payload", new[] { 0, 2 }, new[] { 0, 2 }, "number 0 is layer 0")]
    [InlineData("steering_lite.safetensors", "steering-lite", new[] { 1, 2 }, new[] { 1, 2 }, "number 1 is layer 1")]
    public void A_tools_file_is_read_by_its_own_counting_which_is_said(string name, string form, int[] layers, int[] numbers, string said)
    {
        var (set, format) = DirectionExchange.Read(Pattern.File(name));
        format.ShouldBe(form);
        Pattern.ShouldBe(set, layers, numbers);
        set.Notes[0].ShouldContain(said);
        set.Notes.ShouldContain(note => note.Contains("brought to 1"));
    }

    [Fact]
    public void A_reading_for_files_that_do_not_say_leaves_those_that_do_alone()
    {
        DirectionExchange.Read(Pattern.File("dir.pt"), LayerReading.HiddenStates, whereUnsaid: true).Set.Layers.ShouldBe([0, 1, 2]);
        DirectionExchange.Read(Pattern.File("stacked.npy"), LayerReading.ResidPost, whereUnsaid: true).Set.Layers.ShouldBe([0, 1, 2, 3]);
        DirectionExchange.Read(Pattern.File("cast.svec"), LayerReading.HiddenStates, whereUnsaid: true).Set.Layers.ShouldBe([1, 2]);
        DirectionExchange.Read(Pattern.File("cast.svec"), LayerReading.HiddenStates).Set.Layers.ShouldBe([0, 1]);
        Should.Throw<CapvecException>(() => DirectionExchange.Read(Pattern.File("dir.pt"), null, whereUnsaid: true)).Message.ShouldContain("--layers-are resid_post");
    }

    [Theory]
    [InlineData("dir.pt", "a dict of 4 with keys from 0 to 3")]
    [InlineData("stacked.pt", "4 rows")]
    [InlineData("stacked.npy", "4 rows")]
    public void What_can_be_read_in_two_ways_is_refused_with_both_and_read_with_one(string name, string what)
    {
        var error = Should.Throw<CapvecException>(() => DirectionFile.Load(Pattern.File(name)));
        error.ExitCode.ShouldBe(CapvecException.WrongUsage);
        error.Message.ShouldContain(what);
        error.Message.ShouldContain("--layers-are resid_post: N is the output of the 0-based block N, as steering-vectors, CAA and Capvec count (here layers 0-3)");
        error.Message.ShouldContain("--layers-are hidden_states: N indexes transformers' hidden_states, 0 being the embeddings, as llm-abliteration and persona_vectors count (here layers 0-2, and the vector of the embeddings left out)");
        var post = DirectionFile.Load(Pattern.File(name), LayerReading.ResidPost);
        var states = DirectionFile.Load(Pattern.File(name), LayerReading.HiddenStates);
        post.Layers.ShouldBe([0, 1, 2, 3]);
        states.Layers.ShouldBe([0, 1, 2]);
        for (var layer = 0; layer < 3; layer++)
        {
            states.At(layer).Unit.ToArray().ShouldBe(post.At(layer + 1).Unit.ToArray());
            post.At(layer).Cosine(new Direction(0, Pattern.Vector(layer))).ShouldBe(1, 1e-6);
        }

        DirectionFile.Load(Pattern.File(name), LayerReading.ResidPre).Hash.ShouldBe(states.Hash);
        Should.Throw<CapvecException>(() => DirectionFile.Load(Pattern.File(name), LayerReading.Of(2))).Message.ShouldContain("files with one");
    }

    [Fact]
    public void A_single_vector_needs_its_block()
    {
        var path = _folder.File("v.pt");
        File.Copy(Pattern.File("caa", "vec_layer_2_Llama-2-7b-chat-hf.pt"), path);
        Should.Throw<CapvecException>(() => DirectionFile.Load(path)).Message.ShouldContain("--layers-are 12");
        Should.Throw<CapvecException>(() => DirectionFile.Load(path, LayerReading.HiddenStates)).Message.ShouldContain("--layers-are 12");
        Pattern.ShouldBe(DirectionFile.Load(path, LayerReading.Parse("7")), [7], [2]);
    }

    [Fact]
    public void The_user_may_count_otherwise_than_the_tool_says()
    {
        DirectionFile.Load(Pattern.File("cast.svec"), LayerReading.ResidPre).Layers.ShouldBe([0, 1]);
        DirectionFile.Load(Pattern.File("kind_response_avg_diff.pt"), LayerReading.ResidPost).Layers.ShouldBe([0, 1, 2, 3, 4]);
        Should.Throw<CapvecException>(() => LayerReading.Parse("layers")).Message.ShouldContain("expected resid_post");
    }

    [Fact]
    public void An_adapter_of_heretic_gives_its_directions_and_weights_and_they_are_not_added()
    {
        var set = DirectionFile.Load(Pattern.File("heretic"));
        set.Layers.ShouldBe([1, 2]);
        foreach (var direction in set.Directions)
        {
            direction.Scale.ShouldBe(0.75, 1e-6);
            direction.Cosine(new Direction(0, Pattern.Vector(direction.Layer))).ShouldBe(1, 1e-6);
        }

        set.CheckUse(SteeringOperation.Ablate, "x");
        Should.Throw<CapvecException>(() => set.CheckUse(SteeringOperation.Add, "x")).Message.ShouldStartWith("x: these directions are meant to be taken out");
    }

    [Fact]
    public void What_is_no_direction_of_the_residual_stream_is_refused_by_name()
    {
        Should.Throw<CapvecException>(() => DirectionFile.Load(Pattern.File("steering_vector_attention.pt"))).Message.ShouldContain("layer_type is 'self_attn'");
        var text = File.ReadAllText(Pattern.File("easysteer.json"));
        foreach (var (name, changed, expected) in new[]
        {
            ("hash", text.Replace("\"sha256\": \"", "\"sha256\": \"0", StringComparison.Ordinal), "sha256 is not that of the tensors"),
            ("kind", text.Replace("\"direction\"", "\"reft\"", StringComparison.Ordinal), "of kind \"reft\""),
            ("version", text.Replace("\"version\": 1", "\"version\": 2", StringComparison.Ordinal), "version is not 1"),
            ("shape", text.Replace("[16]", "[15]", StringComparison.Ordinal), "is not {\"shape\": [hidden]"),
            ("other", "{\"a\": 1}", "JSON of no known form"),
        })
        {
            File.WriteAllText(_folder.File($"{name}.json"), changed);
            Should.Throw<CapvecException>(() => DirectionFile.Load(_folder.File($"{name}.json"))).Message.ShouldContain(expected);
        }
    }

    [Fact]
    public void Two_models_in_a_folder_of_CAA_are_refused()
    {
        File.Copy(Pattern.File("caa", "vec_layer_2_Llama-2-7b-chat-hf.pt"), _folder.File("vec_layer_2_a.pt"));
        File.Copy(Pattern.File("caa", "vec_layer_3_Llama-2-7b-chat-hf.pt"), _folder.File("vec_layer_3_b.pt"));
        Should.Throw<CapvecException>(() => DirectionFile.Load(_folder.Path)).Message.ShouldContain("vectors of 2 models (a, b)");
    }
}
