using Capvec.Numerics.Randomness;

namespace Capvec.Engine.Benchmarks.RandomModels;

/// <summary>
/// The tensors of a model with random weights and their values. Any row can be asked for by itself and is the same whenever it is asked
/// for, so that a folder and a GGUF file of one shape hold the same model without its being in memory.
/// </summary>
/// <param name="shape">The model's shape.</param>
internal sealed class RandomWeights(RandomShape shape)
{
    /// <summary>The tensors before, of each block, and so on: "embedding", "layer-0", "layer-1", ...</summary>
    public IEnumerable<(string Name, IReadOnlyList<RandomTensor> Tensors)> Groups()
    {
        yield return ("embedding",
        [
            new("model.embed_tokens.weight", "token_embd.weight", [shape.Vocabulary, shape.Hidden], RandomTensorKind.Embedding),
            new("model.norm.weight", "output_norm.weight", [shape.Hidden], RandomTensorKind.Norm),
        ]);
        for (var layer = 0; layer < shape.Layers; layer++)
            yield return ($"layer-{layer}", [.. Block(layer)]);
    }

    /// <summary>Some rows of a tensor in the folder's order: bf16 numbers, so that both formats hold them exactly.</summary>
    /// <param name="tensor">The tensor.</param>
    /// <param name="firstRow">The first row.</param>
    /// <param name="rows">Filled with whole rows.</param>
    public static void Fill(RandomTensor tensor, long firstRow, Span<float> rows)
    {
        var (mean, scale) = tensor.Kind switch
        {
            RandomTensorKind.Matrix or RandomTensorKind.Embedding => (0f, 1 / MathF.Sqrt(tensor.Columns)),
            RandomTensorKind.Norm => (0f, 0.1f),
            RandomTensorKind.GatedNorm => (1f, 0.1f),
            RandomTensorKind.Convolution => (0f, 0.5f),
            _ => (0f, 1f),
        };
        var seed = SplitMix64.At(NameSeed(tensor.Name), 0);
        for (var start = 0; start < rows.Length; start += tensor.Columns)
        {
            var row = rows.Slice(start, tensor.Columns);
            var rowSeed = SplitMix64.At(seed, (ulong)(firstRow + (start / tensor.Columns)));
            for (var i = 0; i < row.Length; i++)
            {
                // Two numbers of 16 bits add up to a triangular distribution; one draw serves two values.
                var bits = SplitMix64.At(rowSeed, (ulong)i >> 1) >> (32 * (i & 1));
                var triangular = (((bits & 0xFFFF) + ((bits >> 16) & 0xFFFF)) / 65535f) - 1;
                row[i] = RoundToBFloat16(mean + (scale * triangular));
            }
        }
    }

    private IEnumerable<RandomTensor> Block(int layer)
    {
        var (at, blk) = ($"model.layers.{layer}.", $"blk.{layer}.");
        RandomTensor Tensor(string name, string gguf, RandomTensorKind kind, HeadOrder? heads, params long[] sizes) => new(at + name, blk + gguf, sizes, kind, heads);
        RandomTensor Matrix(string name, string gguf, long rows, long columns, HeadOrder? heads = null) =>
            Tensor(name + ".weight", gguf + ".weight", RandomTensorKind.Matrix, heads, rows, columns);

        yield return Tensor("input_layernorm.weight", "attn_norm.weight", RandomTensorKind.Norm, null, shape.Hidden);
        yield return Tensor("post_attention_layernorm.weight", "post_attention_norm.weight", RandomTensorKind.Norm, null, shape.Hidden);
        yield return Matrix("mlp.gate_proj", "ffn_gate", shape.Intermediate, shape.Hidden);
        yield return Matrix("mlp.up_proj", "ffn_up", shape.Intermediate, shape.Hidden);
        yield return Matrix("mlp.down_proj", "ffn_down", shape.Hidden, shape.Intermediate);
        if (shape.IsAttention(layer))
        {
            yield return Matrix("self_attn.q_proj", "attn_q", 2L * shape.Heads * shape.HeadDim, shape.Hidden);
            yield return Matrix("self_attn.k_proj", "attn_k", shape.KvHeads * shape.HeadDim, shape.Hidden);
            yield return Matrix("self_attn.v_proj", "attn_v", shape.KvHeads * shape.HeadDim, shape.Hidden);
            yield return Matrix("self_attn.o_proj", "attn_output", shape.Hidden, shape.Heads * shape.HeadDim);
            yield return Tensor("self_attn.q_norm.weight", "attn_q_norm.weight", RandomTensorKind.Norm, null, shape.HeadDim);
            yield return Tensor("self_attn.k_norm.weight", "attn_k_norm.weight", RandomTensorKind.Norm, null, shape.HeadDim);
            yield break;
        }

        var afterKeys = new HeadOrder(2 * shape.KeyHeads * shape.LinearDim, shape.LinearDim, Columns: false);
        var heads = new HeadOrder(0, shape.LinearDim, Columns: false);
        yield return Matrix("linear_attn.in_proj_qkv", "attn_qkv", shape.ConvDim, shape.Hidden, afterKeys);
        yield return Matrix("linear_attn.in_proj_z", "attn_gate", shape.ValueDim, shape.Hidden, heads);
        yield return Matrix("linear_attn.in_proj_b", "ssm_beta", shape.ValueHeads, shape.Hidden, heads with { Width = 1 });
        yield return Matrix("linear_attn.in_proj_a", "ssm_alpha", shape.ValueHeads, shape.Hidden, heads with { Width = 1 });
        yield return Matrix("linear_attn.out_proj", "ssm_out", shape.Hidden, shape.ValueDim, heads with { Columns = true });
        yield return Tensor("linear_attn.conv1d.weight", "ssm_conv1d.weight", RandomTensorKind.Convolution, afterKeys, shape.ConvDim, 1, RandomShape.ConvKernel);
        yield return Tensor("linear_attn.dt_bias", "ssm_dt.bias", RandomTensorKind.TimeStep, new HeadOrder(0, 1, Columns: true), shape.ValueHeads);
        yield return Tensor("linear_attn.A_log", "ssm_a", RandomTensorKind.DecayLog, new HeadOrder(0, 1, Columns: true), shape.ValueHeads);
        yield return Tensor("linear_attn.norm.weight", "ssm_norm.weight", RandomTensorKind.GatedNorm, null, shape.LinearDim);
    }

    // FNV-1a over the name: string hashes of the runtime differ from process to process.
    private static ulong NameSeed(string name) => name.Aggregate(14695981039346656037UL, (hash, c) => unchecked((hash ^ c) * 1099511628211UL));

    // To the nearest; ties go up, which is all the same for random numbers.
    private static float RoundToBFloat16(float value) =>
        BitConverter.UInt32BitsToSingle((BitConverter.SingleToUInt32Bits(value) + 0x8000) & 0xFFFF0000);
}
