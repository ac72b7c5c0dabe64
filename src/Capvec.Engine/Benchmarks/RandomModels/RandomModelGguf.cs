using System.Globalization;
using Capvec.Formats.Errors;
using Capvec.Formats.Gguf;

namespace Capvec.Engine.Benchmarks.RandomModels;

/// <summary>
/// Writes the model of <see cref="RandomModelFolder"/> as a GGUF file that llama.cpp loads: architecture qwen35, with the changes to tensors that its converter
/// makes (norms as whole multipliers, -A in place of ln A, value heads tiled) and a vocabulary of the 256 bytes, one end token and unused ids.
/// </summary>
public static class RandomModelGguf
{
    private const string Architecture = "qwen35";
    private const int EndToken = 256;

    /// <summary>The formats that can be written. In the 4-bit ones the embedding, which is the output matrix, is q6_K, as in published files.</summary>
    public static IReadOnlyList<string> Formats { get; } = ["f32", "bf16", "f16", "q8_0", "q4_0", "q4_K"];

    /// <summary>Writes the file, a tensor at a time.</summary>
    /// <param name="shape">The model's shape.</param>
    /// <param name="format">One of <see cref="Formats"/>: how matrices are kept; everything else is float32.</param>
    /// <param name="path">The file.</param>
    /// <exception cref="CapvecException">The format is not known, or the file cannot be written.</exception>
    public static void Write(RandomShape shape, string format, string path)
    {
        var (matrices, embedding, fileType) = format switch
        {
            "f32" => (GgufType.F32, GgufType.F32, 0u),
            "bf16" => (GgufType.BF16, GgufType.BF16, 32u),
            "f16" => (GgufType.F16, GgufType.F16, 1u),
            "q8_0" => (GgufType.Q8_0, GgufType.Q8_0, 7u),
            "q4_0" => (GgufType.Q4_0, GgufType.Q6_K, 2u),
            "q4_K" => (GgufType.Q4_K, GgufType.Q6_K, 15u),
            _ => throw new CapvecException($"format \"{format}\" is not known; expected {string.Join(", ", Formats)}.", exitCode: CapvecException.WrongUsage),
        };
        var writer = new GgufWriter();
        SetMetadata(writer, shape, format, fileType);
        foreach (var tensor in new RandomWeights(shape).Groups().SelectMany(group => group.Tensors))
        {
            var type = tensor.Kind switch
            {
                RandomTensorKind.Matrix => matrices,
                RandomTensorKind.Embedding => embedding,
                _ => GgufType.F32,
            };
            long[] sizes = tensor.Kind == RandomTensorKind.Convolution ? [tensor.Rows, tensor.Columns] : tensor.Shape;
            writer.Add(tensor.GgufName, type, sizes, (firstRow, rows) => Fill(tensor, shape, firstRow, rows));
        }

        writer.Write(path);
    }

    private static void Fill(RandomTensor tensor, RandomShape shape, long firstRow, Span<float> rows)
    {
        if (tensor.Heads is not { } heads || shape.KeyHeads == shape.ValueHeads)
        {
            RandomWeights.Fill(tensor, firstRow, rows);
        }
        else
        {
            var folderRow = new float[tensor.Columns];
            for (var start = 0; start < rows.Length; start += tensor.Columns)
            {
                var row = rows.Slice(start, tensor.Columns);
                var index = firstRow + (start / tensor.Columns);
                if (!heads.Columns)
                {
                    RandomWeights.Fill(tensor, heads.Source(index, shape), row);
                    continue;
                }

                RandomWeights.Fill(tensor, index, folderRow);
                for (var i = 0; i < row.Length; i++)
                    row[i] = folderRow[heads.Source(i, shape)];
            }
        }

        if (tensor.Kind == RandomTensorKind.Norm)
        {
            for (var i = 0; i < rows.Length; i++)
                rows[i] += 1;
        }
        else if (tensor.Kind == RandomTensorKind.DecayLog)
        {
            for (var i = 0; i < rows.Length; i++)
                rows[i] = -MathF.Exp(rows[i]);
        }
    }

    private static void SetMetadata(GgufWriter writer, RandomShape shape, string format, uint fileType)
    {
        writer.Set("general.architecture", Architecture)
            .Set("general.name", $"random weights of Qwen3.5-{shape.Name} shape, {format}")
            .Set("general.file_type", fileType)
            .Set("general.quantization_version", 2u);
        void Set(string key, object value) => writer.Set($"{Architecture}.{key}", value);
        Set("block_count", (uint)shape.Layers);
        Set("context_length", (uint)RandomShape.MaxPositions);
        Set("embedding_length", (uint)shape.Hidden);
        Set("feed_forward_length", (uint)shape.Intermediate);
        Set("attention.head_count", (uint)shape.Heads);
        Set("attention.head_count_kv", (uint)shape.KvHeads);
        Set("attention.key_length", (uint)shape.HeadDim);
        Set("attention.value_length", (uint)shape.HeadDim);
        Set("attention.layer_norm_rms_epsilon", RandomShape.NormEpsilon);
        Set("rope.freq_base", RandomShape.RopeTheta);
        Set("rope.dimension_count", (uint)shape.RotaryDim);
        // For text the three positions of a token are equal, so how the rotated pairs are shared out among them does not matter; their sum has to be right.
        var pairs = shape.RotaryDim / 2;
        var sides = (pairs + 1) / 3;
        Set("rope.dimension_sections", new[] { sides, sides, pairs - (2 * sides), 0 });
        Set("ssm.conv_kernel", (uint)RandomShape.ConvKernel);
        Set("ssm.state_size", (uint)shape.LinearDim);
        Set("ssm.group_count", (uint)shape.KeyHeads);
        Set("ssm.time_step_rank", (uint)shape.ValueHeads);
        Set("ssm.inner_size", (uint)shape.ValueDim);
        Set("full_attention_interval", (uint)RandomShape.AttentionInterval);
        writer.Set("tokenizer.ggml.model", "gpt2")
            .Set("tokenizer.ggml.pre", "qwen35")
            .Set("tokenizer.ggml.tokens", Enumerable.Range(0, shape.Vocabulary).Select(Token).ToArray())
            .Set("tokenizer.ggml.token_type", Enumerable.Range(0, shape.Vocabulary).Select(TokenType).ToArray())
            .Set("tokenizer.ggml.merges", new[] { $"{Token(' ')} {Token(' ')}" })
            .Set("tokenizer.ggml.eos_token_id", (uint)EndToken)
            .Set("tokenizer.ggml.padding_token_id", (uint)EndToken)
            .Set("tokenizer.ggml.add_bos_token", false);
    }

    // GPT-2's alphabet: printable bytes stand for themselves, the 68 others are U+0100 and what follows.
    private static string Token(int id)
    {
        if (id == EndToken)
            return "<|endoftext|>";
        if (id > EndToken)
            return string.Create(CultureInfo.InvariantCulture, $"[PAD{id}]");
        return ((char)(IsPrintable(id) ? id : 256 + Enumerable.Range(0, id).Count(b => !IsPrintable(b)))).ToString();
    }

    private static bool IsPrintable(int value) => value is >= 33 and <= 126 or >= 161 and <= 172 or >= 174;

    // 1 normal, 3 control, 5 unused.
    private static int TokenType(int id) => id < EndToken ? 1 : id == EndToken ? 3 : 5;
}
