using System.Text.Json.Nodes;
using Capvec.Engine.Loading;
using Capvec.Engine.Requests;
using Capvec.Engine.Scheduling;
using Capvec.Formats.Safetensors;
using Capvec.Numerics.Kernels;

namespace Capvec.Engine.Tests.Network;

/// <summary>Query heads that share keys are computed four at a time; a model in which each has a copy of the same keys and values computes them one at a time.</summary>
public sealed class GroupedHeadsTests : IDisposable
{
    private const int Hidden = 64;
    private const int HeadDim = 64;
    private const int Vocabulary = 50;
    private readonly string _root = Directory.CreateTempSubdirectory("capvec-heads-").FullName;

    public static TheoryData<KernelPath, int> Cases()
    {
        var cases = new TheoryData<KernelPath, int>();
        foreach (var path in KernelPaths.Supported)
        {
            // Four; four and two that are left over; twice four.
            foreach (var heads in new[] { 4, 6, 8 })
                cases.Add(path, heads);
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Shared_keys_and_copies_of_them_give_the_same_bits(KernelPath path, int heads)
    {
        using var shared = Model("shared", heads, copies: 1);
        using var copied = Model("copied", heads, copies: heads);
        (await RunAsync(shared, path)).ShouldBe(await RunAsync(copied, path));
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    // Longer than a page of keys.
    private static async Task<float[]> RunAsync(LanguageModel model, KernelPath path)
    {
        using var engine = new InferenceEngine(model, new EngineOptions { Kernels = path });
        var request = new ForwardRequest { Tokens = [.. Enumerable.Range(0, 90).Select(i => i * 7 % Vocabulary)], Logits = LogitRows.All };
        return (await engine.ForwardAsync(request, TestContext.Current.CancellationToken)).Logits;
    }

    private LanguageModel Model(string name, int heads, int copies)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_root, name)).FullName;
        File.WriteAllText(Path.Combine(folder, "config.json"), new JsonObject
        {
            ["model_type"] = "llama",
            ["hidden_size"] = Hidden,
            ["head_dim"] = HeadDim,
            ["num_attention_heads"] = heads,
            ["num_key_value_heads"] = copies,
            ["num_hidden_layers"] = 1,
            ["intermediate_size"] = 32,
            ["vocab_size"] = Vocabulary,
            ["max_position_embeddings"] = 256,
            ["rms_norm_eps"] = 1e-5,
            ["rope_theta"] = 10000.0,
            ["tie_word_embeddings"] = true,
        }.ToJsonString());

        var random = new Random(7);
        float[] Values(int n) => [.. Enumerable.Range(0, n).Select(_ => (float)(random.NextDouble() - 0.5) / 4)];
        var writer = new SafetensorsWriter();
        void Add(string tensor, int rows, int columns, int repeated = 1) =>
            writer.Add(tensor, [rows * repeated, columns], Enumerable.Repeat(Values(rows * columns), repeated).SelectMany(v => v).ToArray());
        Add("model.embed_tokens.weight", Vocabulary, Hidden);
        Add("model.layers.0.self_attn.q_proj.weight", heads * HeadDim, Hidden);
        Add("model.layers.0.self_attn.k_proj.weight", HeadDim, Hidden, copies);
        Add("model.layers.0.self_attn.v_proj.weight", HeadDim, Hidden, copies);
        Add("model.layers.0.self_attn.o_proj.weight", Hidden, heads * HeadDim);
        Add("model.layers.0.mlp.gate_proj.weight", 32, Hidden);
        Add("model.layers.0.mlp.up_proj.weight", 32, Hidden);
        Add("model.layers.0.mlp.down_proj.weight", Hidden, 32);
        foreach (var norm in new[] { "model.layers.0.input_layernorm.weight", "model.layers.0.post_attention_layernorm.weight", "model.norm.weight" })
            writer.Add(norm, [Hidden], Enumerable.Repeat(1f, Hidden).ToArray());
        writer.Write(Path.Combine(folder, "model.safetensors"));
        return LanguageModel.Load(folder);
    }
}
