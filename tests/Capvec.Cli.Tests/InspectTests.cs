using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Capvec.Formats.Torch;
using Capvec.Tests;

namespace Capvec.Cli.Tests;

public sealed class InspectTests
{
    private const string Model = "models/phantom/checkpoint";

    public static TheoryData<string, string, string> Kinds { get; } = new()
    {
        { Model, "model", "12: layers 0 to 11; 3 with full attention, 9 with the gated delta rule" },
        { "tests/fixtures/models/llama-tiny", "model", "tokenizer" },
        { "tests/fixtures/gguf/models/qwen35_kmix.KMIX.gguf", "model", "a Qwen3.5 text model" },
        { "tests/fixtures/gguf/models/llama_tiny.cvec.gguf", "directions", "direction.N acts on the output of the 0-based block N" },
        { "tests/fixtures/gguf/cvec/rank_k.gguf", "gguf", "one of several directions of a layer" },
        { "models/phantom/adapters/sft", "adapter", "model.layers.0.linear_attn.in_proj_qkv" },
        { "models/phantom/adapters/sft/adapter_model.safetensors", "safetensors", "float32" },
        { "tests/fixtures/torch/dir_int_bf16.pt", "directions", "cosine to the next" },
        { "tests/fixtures/torch/state_dict.pt", "torch", "a file written by torch.save" },
        { "tests/fixtures/numpy/fortran_f4.npy", "numpy", "Fortran" },
        { "tests/fixtures/numpy/stored.npz", "numpy", "arrays written by numpy.savez" },
        { "studies/demo.yaml", "study", "which reads without errors" },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_path_is_told_by_what_lies_in_it(string path, string kind, string says)
    {
        var text = await CapvecProcess.RunAsync("inspect", path);
        text.ExitCode.ShouldBe(0, text.Error);
        text.Output.ShouldContain(says);
        text.Output.ShouldNotContain("sha256");
        var json = await CapvecProcess.RunAsync("inspect", path, "--json");
        json.Json.GetProperty("kind").GetString().ShouldBe(kind);
    }

    [Fact]
    public async Task Memory_is_told_for_each_format()
    {
        var run = await CapvecProcess.RunAsync("inspect", Model, "--json");
        var rows = run.Json.GetProperty("memory").EnumerateArray().ToDictionary(row => row.GetProperty("format").GetString()!);
        rows.Keys.ShouldBe(["as stored", "f32", "bf16", "f16", "q8_0", "q6_K", "q4_K", "q4_0"]);
        long Weights(string format) => rows[format].GetProperty("weights").GetInt64();
        Weights("as stored").ShouldBe(Weights("bf16"));
        Weights("f32").ShouldBe(2 * Weights("bf16"));
        Weights("f16").ShouldBe(Weights("bf16"));
        Weights("q4_0").ShouldBeLessThan(Weights("q8_0"));

        // 9 blocks of 8 heads with a matrix of 32 by 32 and 3 rows of convolution over 512 channels; 3 blocks with 16 pages of 64 positions for 2 heads of 64, keys and values.
        const long recurrent = 9 * ((8 * 32 * 32) + (3 * 512)) * 4, pages = 3 * 16 * 64 * 2 * (64 + 64) * 4;
        rows["bf16"].GetProperty("sequence_fixed").GetInt64().ShouldBe(recurrent);
        rows["bf16"].GetProperty("sequence_1000").GetInt64().ShouldBe(recurrent + pages);
        run.Json.GetProperty("supported").GetBoolean().ShouldBeTrue();
        run.Json.TryGetProperty("hash", out _).ShouldBeFalse();
        var hashed = await CapvecProcess.RunAsync("inspect", Model, "--hash", "--json");
        hashed.Json.GetProperty("hash").GetString()!.Length.ShouldBe(16);
    }

    [Fact]
    public async Task A_model_that_is_not_supported_is_described_and_the_reason_told()
    {
        using var folder = new TemporaryFolder();
        foreach (var file in Directory.EnumerateFiles(Repository.File(Model)))
            File.Copy(file, folder.File(Path.GetFileName(file)));
        var config = await File.ReadAllTextAsync(folder.File("config.json"), TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(folder.File("config.json"), config.Replace("qwen3_5", "mystery", StringComparison.Ordinal), TestContext.Current.CancellationToken);
        var run = await CapvecProcess.RunAsync("inspect", folder.Path, "--json");
        run.ExitCode.ShouldBe(0, run.Error);
        run.Json.GetProperty("supported").GetBoolean().ShouldBeFalse();
        run.Json.GetProperty("reason").GetString()!.ShouldContain("model_type \"mystery_text\" is not supported");
        run.Json.GetProperty("parameters").GetInt64().ShouldBeGreaterThan(8_000_000);
    }

    // Every form that "capvec vectors show" reads, with the word by which it shows it and how its layers are counted; the two that say nothing show both readings.
    [Theory]
    [InlineData("exchange/kind_response_avg_diff.pt", "persona_vectors", "row i of persona_vectors is hidden_states[i]; number 0 is the embeddings, number 4 is layer 3")]
    [InlineData("exchange/abliteration.pt", "llm-abliteration measurements", "the input of block i")]
    [InlineData("exchange/caa/vec_layer_3_Llama-2-7b-chat-hf.pt", "CAA vector", "layer 3 of Llama-2-7b-chat-hf")]
    [InlineData("exchange/caa", "CAA folder", "number 2 is layer 2, number 3 is layer 3")]
    [InlineData("exchange/steering_vector.pt", "steering-vectors", "number 1 is layer 1")]
    [InlineData("exchange/cast.svec", "activation-steering (CAST) vector", "learned at the output of block N")]
    [InlineData("exchange/easysteer.json", "EasySteer payload", "number 0 is layer 0")]
    [InlineData("exchange/steering_lite.safetensors", "steering-lite", "number 1 is layer 1")]
    [InlineData("gguf/cvec/repeng.gguf", "GGUF control vector", "direction.N acts on the output of the 0-based block N")]
    [InlineData("gguf/cvec/glp_project.gguf", "GGUF control vector", "to be taken out, not added")]
    [InlineData("gguf/cvec/other_arch.gguf", "GGUF control vector", "general.architecture is llama")]
    [InlineData("exchange/dir.pt", "torch dict by layer", "--layers-are hidden_states")]
    [InlineData("exchange/stacked.pt", "stacked tensor", "--layers-are hidden_states")]
    [InlineData("exchange/stacked.npy", "stacked tensor", "--layers-are hidden_states")]
    [InlineData("phantom/vectors.safetensors#same_model", "stacked tensor", "rows are read as resid_post")]
    public async Task A_direction_file_is_understood_as_vectors_show_understands_it(string name, string form, string says)
    {
        var path = $"tests/fixtures/{name}";
        var text = await CapvecProcess.RunAsync("inspect", path);
        text.ExitCode.ShouldBe(0, text.Error);
        text.Output.ShouldContain(says);
        var inspected = await CapvecProcess.RunAsync("inspect", path, "--json");
        inspected.Json.GetProperty("kind").GetString().ShouldBe("directions");
        inspected.Json.GetProperty("format").GetString().ShouldBe(form);
        var isDoubtful = inspected.Json.GetProperty("two_readings").GetString() is not null;
        var shown = await CapvecProcess.RunAsync(["vectors", "show", path, "--json", .. isDoubtful ? new[] { "--layers-are", "resid_post" } : []]);
        shown.Json.GetProperty("format").GetString().ShouldBe(form);
        inspected.Json.GetProperty("directions_hash").GetString().ShouldBe(shown.Json.GetProperty("directions_hash").GetString());
        inspected.Json.GetProperty("layers").EnumerateArray().Select(l => l.GetProperty("layer").GetInt32()).ShouldBe(shown.Json.GetProperty("layers").EnumerateArray().Select(l => l.GetProperty("layer").GetInt32()));
        isDoubtful.ShouldBe((await CapvecProcess.RunAsync("vectors", "show", path)).ExitCode != 0);
    }

    [Fact]
    public async Task An_adapter_of_heretic_shows_its_directions_too_and_a_single_vector_that_its_layer_is_not_said()
    {
        var adapter = await CapvecProcess.RunAsync("inspect", "tests/fixtures/exchange/heretic", "--json");
        adapter.Json.GetProperty("kind").GetString().ShouldBe("adapter");
        adapter.Json.GetProperty("as_directions").GetProperty("format").GetString().ShouldBe("heretic adapter");
        adapter.Json.GetProperty("as_directions").GetProperty("layers").EnumerateArray().Select(l => l.GetProperty("layer").GetInt32()).ShouldBe([1, 2]);
        using var folder = new TemporaryFolder();
        File.Copy(Repository.File("tests", "fixtures", "exchange", "caa", "vec_layer_2_Llama-2-7b-chat-hf.pt"), folder.File("v.pt"));
        var single = await CapvecProcess.RunAsync("inspect", folder.File("v.pt"), "--json");
        single.Json.GetProperty("format").GetString().ShouldBe("single vector");
        single.Json.GetProperty("two_readings").GetString()!.ShouldContain("--layers-are 12");
        single.Json.GetProperty("layers")[0].GetProperty("layer").ValueKind.ShouldBe(System.Text.Json.JsonValueKind.Null);
    }

    [Fact]
    public async Task Directions_show_their_lengths_and_how_alike_neighbours_are()
    {
        using var folder = new TemporaryFolder();
        TorchWriter.Write(folder.File("d.pt"), [KeyValuePair.Create(3, new[] { 3f, 0, 0 }), KeyValuePair.Create(4, new[] { 1f, 1, 0 }), KeyValuePair.Create(7, new[] { 0f, 0, 1 })]);
        var run = await CapvecProcess.RunAsync("inspect", folder.File("d.pt"), "--json");
        var layers = run.Json.GetProperty("layers").EnumerateArray().ToList();
        layers.Select(layer => layer.GetProperty("layer").GetInt32()).ShouldBe([3, 4, 7]);
        layers.Select(layer => layer.GetProperty("norm").GetDouble()).ShouldBe([3, Math.Sqrt(2), 1], 1e-6);
        layers[0].GetProperty("cosine_to_next").GetDouble().ShouldBe(Math.Sqrt(0.5), 1e-6);
        layers[1].GetProperty("cosine_to_next").GetDouble().ShouldBe(0, 1e-6);
        run.Json.GetProperty("notes").EnumerateArray().ShouldContain(note => note.GetString()!.Contains("0-based blocks"));
    }

    [Fact]
    public async Task The_size_of_a_model_does_not_matter()
    {
        // Some 60 GB of weights, none of them written: whoever read or hashed them would need half a minute of a processor.
        using var folder = new TemporaryFolder();
        WriteSparse(folder, hidden: 8192, intermediate: 28672, blocks: 34);
        new FileInfo(folder.File("model.safetensors")).Length.ShouldBeGreaterThan(60_000_000_000);
        // The shell says what processor time its children took; wall time would be the neighbours'.
        var start = new ProcessStartInfo("bash", ["-c", "dotnet \"$0\" inspect \"$1\" --json && times", CapvecProcess.Program, folder.Path]) { RedirectStandardOutput = true, WorkingDirectory = Repository.Root };
        using var process = Process.Start(start)!;
        var lines = (await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)).TrimEnd().Split('\n');
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        process.ExitCode.ShouldBe(0);
        lines[^1].Split(' ').Sum(Seconds).ShouldBeLessThan(8);
        var output = lines[^3];
        var json = System.Text.Json.JsonElement.Parse(output);
        json.GetProperty("supported").GetBoolean().ShouldBeTrue();
        json.GetProperty("tokenizer").GetString()!.ShouldStartWith("not usable: no tokenizer.json");
    }

    /// <summary>The shell's "1m2.345s".</summary>
    private static double Seconds(string time)
    {
        var parts = time.TrimEnd('s').Split('m');
        return (60 * double.Parse(parts[0], CultureInfo.InvariantCulture)) + double.Parse(parts[1], CultureInfo.InvariantCulture);
    }

    private static void WriteSparse(TemporaryFolder folder, int hidden, int intermediate, int blocks)
    {
        var config = new JsonObject
        {
            ["model_type"] = "llama", ["hidden_size"] = hidden, ["intermediate_size"] = intermediate, ["num_hidden_layers"] = blocks, ["num_attention_heads"] = hidden / 128, ["num_key_value_heads"] = 8,
            ["vocab_size"] = 128256, ["max_position_embeddings"] = 8192, ["rms_norm_eps"] = 1e-5, ["rope_theta"] = 500000, ["tie_word_embeddings"] = false,
        };
        File.WriteAllText(folder.File("config.json"), config.ToJsonString());
        var header = new JsonObject();
        var at = 0L;
        void Add(string name, params long[] shape)
        {
            var end = at + (2 * shape.Aggregate(1L, (product, size) => product * size));
            header[name] = new JsonObject { ["dtype"] = "BF16", ["shape"] = new JsonArray([.. shape.Select(size => JsonValue.Create(size))]), ["data_offsets"] = new JsonArray(at, end) };
            at = end;
        }

        Add("model.embed_tokens.weight", 128256, hidden);
        Add("lm_head.weight", 128256, hidden);
        Add("model.norm.weight", hidden);
        for (var block = 0; block < blocks; block++)
        {
            var name = $"model.layers.{block}.";
            Add(name + "input_layernorm.weight", hidden);
            Add(name + "post_attention_layernorm.weight", hidden);
            Add(name + "self_attn.q_proj.weight", hidden, hidden);
            Add(name + "self_attn.k_proj.weight", 1024, hidden);
            Add(name + "self_attn.v_proj.weight", 1024, hidden);
            Add(name + "self_attn.o_proj.weight", hidden, hidden);
            Add(name + "mlp.gate_proj.weight", intermediate, hidden);
            Add(name + "mlp.up_proj.weight", intermediate, hidden);
            Add(name + "mlp.down_proj.weight", hidden, intermediate);
        }

        var text = Encoding.UTF8.GetBytes(header.ToJsonString());
        using var file = File.Create(folder.File("model.safetensors"));
        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, text.Length);
        file.Write(length);
        file.Write(text);
        file.SetLength(8 + text.Length + at);
    }
}
