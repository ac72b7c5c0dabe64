using Capvec.Engine.Baking;
using Capvec.Engine.Loading;
using Capvec.Engine.Requests;
using Capvec.Engine.Scheduling;
using Capvec.Engine.Tests.Goldens;
using Capvec.Formats.Errors;
using Capvec.Formats.Safetensors;
using Capvec.Formats.Tensors;

namespace Capvec.Engine.Tests.Baking;

/// <summary>Baked weights against ablation at run time, and against the reference's own orthogonalised weights.</summary>
public sealed class WeightBakerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("capvec-bake-").FullName;

    public static TheoryData<string> Models { get; } = [.. TinyModel.All];

    // In float32 both ways compute the same sums in another order, so only rounding to 2^-24 is between them, which these small random models amplify by less than a thousand.
    [Theory]
    [MemberData(nameof(Models))]
    public async Task Baked_weights_are_ablation_at_run_time(string name)
    {
        using var tiny = new TinyModel(name);
        using var exact = LanguageModel.Load(Float32Copy(tiny.Folder));
        var isTied = IsTied(tiny.Folder);
        var plan = AblationPlan.Everywhere([Direction(exact.Hidden, 5)], exact.Layers);
        var request = Request(tiny.Tokens("seq37.tokens"));
        var baked = await SameAsAtRunTime(exact, plan, request, "untied", isTied);
        baked.Edited.Count.ShouldBe(1 + (2 * exact.Layers));

        var tied = WeightBaker.Ablate(exact, plan, Path.Combine(_folder, "tied"), keepTied: true);
        tied.Untied.ShouldBeFalse();
        using var one = LanguageModel.Load(baked.Folder);
        using var other = LanguageModel.Load(tied.Folder);
        var (untiedRun, tiedRun) = (await Run(one, request), await Run(other, request));
        tiedRun.Capture!.Values[^1].ShouldBe(untiedRun.Capture!.Values[^1]);
        tiedRun.Logits.SequenceEqual(untiedRun.Logits).ShouldBe(!isTied);
    }

    [Theory]
    [InlineData("llama-plain")]
    [InlineData("qwen35-tiny")]
    public async Task The_span_of_several_directions_is_taken_out_and_dependent_ones_count_once(string name)
    {
        using var tiny = new TinyModel(name);
        using var exact = LanguageModel.Load(Float32Copy(tiny.Folder));
        var (a, b) = (Direction(exact.Hidden, 5), Direction(exact.Hidden, 6));
        var plan = AblationPlan.Everywhere([a, b, [.. a.Zip(b, (x, y) => (2 * x) - y)]], exact.Layers);
        plan.Dimensions.Embedding.ShouldBe(2);
        var baked = await SameAsAtRunTime(exact, plan, Request(tiny.Tokens("seq37.tokens")), "span", IsTied(tiny.Folder));
        using var model = LanguageModel.Load(baked.Folder);
        var stream = (await Run(model, Request(tiny.Tokens("seq37.tokens")))).Capture!.Values[^1];
        var length = Math.Sqrt(stream.Chunk(exact.Hidden).Average(row => row.Sum(x => (double)x * x)));
        Along(stream, a).ShouldBeLessThan(1e-5 * length);
        Along(stream, b).ShouldBeLessThan(1e-5 * length);
    }

    [Fact]
    public async Task Each_block_may_give_up_its_own_direction_and_the_rest_keeps_its_bytes()
    {
        using var tiny = new TinyModel("llama-plain");
        var plan = AblationPlan.EachBlock(new Dictionary<int, float[]> { [0] = Direction(tiny.Model.Hidden, 5), [1] = Direction(tiny.Model.Hidden, 6) }, tiny.Model.Layers);
        var baked = await SameAsAtRunTime(tiny.Model, plan, Request(tiny.Tokens("seq37.tokens")), "own", unties: false);
        baked.Edited.Count.ShouldBe(4);
        using var before = SafetensorsFolder.Open(tiny.Folder);
        using var after = SafetensorsFolder.Open(baked.Folder);
        after.Tensors.Keys.Order().ShouldBe(before.Tensors.Keys.Order());
        foreach (var tensor in before.Tensors.Values)
            Bytes(after, tensor).AsSpan().SequenceEqual(Bytes(before, tensor)).ShouldBe(!baked.Edited.Contains(tensor.Name), tensor.Name);
    }

    // Rounding to nearest moves a number by at most half a unit in the last place: of its 8 bits in bf16 2^-8 of it, of 11 in float16 2^-11 (2^-25 where it is subnormal), of 24 in float32 2^-24, to which
    // every product is rounded first. What a row or column still has along u is at most the sum over its numbers of |u_i| times these.
    [Theory]
    [MemberData(nameof(Models))]
    public void Each_weight_is_the_exact_product_rounded_once_and_a_row_keeps_no_more_than_its_roundings_add_up_to(string name)
    {
        using var tiny = new TinyModel(name);
        var direction = Direction(tiny.Model.Hidden, 5);
        var baked = WeightBaker.Ablate(tiny.Model, AblationPlan.Everywhere([direction], tiny.Model.Layers), Path.Combine(_folder, "out"));
        using var before = SafetensorsFolder.Open(tiny.Folder);
        using var after = SafetensorsFolder.Open(baked.Folder);
        var hidden = tiny.Model.Hidden;
        var length = Math.Sqrt(direction.Sum(x => (double)x * x));
        double[] u = [.. direction.Select(x => x / length)];
        var largest = 0.0;
        foreach (var tensor in baked.Edited.Select(before.Find))
        {
            var (relative, least) = tensor.Dtype switch
            {
                ElementType.BF16 => (Math.Pow(2, -8), 0.0),
                ElementType.F16 => (Math.Pow(2, -11), Math.Pow(2, -25)),
                _ => (0.0, 0.0),
            };
            var (w, stored) = (before.ReadFloat32(tensor.Name), after.ReadFloat32(tensor.Name));
            var isEmbedding = tensor.Name.EndsWith("embed_tokens.weight", StringComparison.Ordinal);
            var count = w.Length / hidden;
            for (var j = 0; j < count; j++)
            {
                int At(int i) => isEmbedding ? (j * hidden) + i : (i * count) + j;
                double along = 0, leak = 0, bound = 0, squares = 0;
                for (var i = 0; i < hidden; i++)
                    along += u[i] * w[At(i)];
                for (var i = 0; i < hidden; i++)
                {
                    var exact = w[At(i)] - (along * u[i]);
                    // float64's own rounding of the sums is far below the 2^-40 of the largest term that is allowed for it here.
                    var half = (Math.Abs(exact) * (relative + Math.Pow(2, -24) + Math.Pow(2, -32))) + least + (Math.Pow(2, -40) * (Math.Abs(w[At(i)]) + Math.Abs(along)));
                    Math.Abs(stored[At(i)] - exact).ShouldBeLessThanOrEqualTo(half, $"{tensor.Name} [{i}, {j}]");
                    leak += u[i] * stored[At(i)];
                    bound += Math.Abs(u[i]) * half;
                    squares += (double)stored[At(i)] * stored[At(i)];
                }

                Math.Abs(leak).ShouldBeLessThanOrEqualTo(bound + (Math.Pow(2, -40) * Math.Sqrt(squares)), $"{tensor.Name}, {j}");
                largest = Math.Max(largest, squares > 0 ? Math.Abs(leak) / Math.Sqrt(squares) : 0);
            }
        }

        baked.LargestLeft.ShouldBe(largest, 1e-9);
    }

    [Fact]
    public void Biases_on_outputs_are_edited_too()
    {
        using var tiny = new TinyModel("llama-plain");
        var bias = Direction(tiny.Model.Hidden, 7);
        var folder = Float32Copy(tiny.Folder, writer => writer.Add("model.layers.1.mlp.down_proj.bias", [bias.Length], bias));
        using var model = LanguageModel.Load(folder);
        var direction = Direction(model.Hidden, 5);
        var baked = WeightBaker.Ablate(model, AblationPlan.Everywhere([direction], model.Layers), Path.Combine(_folder, "out"));
        baked.Edited.ShouldContain("model.layers.1.mlp.down_proj.bias");
        using var after = SafetensorsFolder.Open(baked.Folder);
        var edited = after.ReadFloat32("model.layers.1.mlp.down_proj.bias");
        Along(edited, direction).ShouldBeLessThan(1e-6);
        Along(bias, direction).ShouldBeGreaterThan(0.1);
    }

    [Theory]
    [InlineData("qwen35-tiny")]
    [InlineData("llama-tiny")]
    public async Task Baked_weights_give_the_references_streams_and_logits(string name)
    {
        using var tiny = new TinyModel(name);
        foreach (var (run, keepTied) in new[] { ("ortho", false), ("ortho_tied", true) })
        {
            if (!tiny.Json.GetProperty("runs").TryGetProperty(run, out var golden))
                continue;
            var folder = WeightBaker.Ablate(tiny.Model, AblationPlan.Everywhere([tiny.Tensors.ReadFloat32("dir.0")], tiny.Model.Layers), Path.Combine(_folder, run), keepTied).Folder;
            using var model = LanguageModel.Load(folder);
            var tokens = tiny.Tokens(golden.GetProperty("tokens").GetString()!);
            var result = await Run(model, Request(tokens));
            int[] positions = [.. golden.GetProperty("positions").EnumerateArray().Select(p => p.GetInt32())];
            Compare.Rows([.. positions.SelectMany(p => result.Logits.AsSpan(p * model.Vocabulary, model.Vocabulary).ToArray())], tiny.Tensors.ReadFloat32($"{run}.logits"), model.Vocabulary, 3e-2, run);
        }
    }

    [Fact]
    public void Tensors_that_do_not_write_into_the_stream_keep_their_bytes_and_formats()
    {
        using var tiny = new TinyModel("qwen35-vl-names");
        var baked = WeightBaker.Ablate(tiny.Model, AblationPlan.Everywhere([Direction(tiny.Model.Hidden, 5)], tiny.Model.Layers), Path.Combine(_folder, "out"));
        using var before = SafetensorsFolder.Open(tiny.Folder);
        using var after = SafetensorsFolder.Open(baked.Folder);
        after.Tensors.Keys.Except(before.Tensors.Keys).ShouldBe(["lm_head.weight"]);
        foreach (var tensor in before.Tensors.Values)
        {
            after.Find(tensor.Name).Dtype.ShouldBe(tensor.Dtype);
            Bytes(after, tensor).AsSpan().SequenceEqual(Bytes(before, tensor)).ShouldBe(!baked.Edited.Contains(tensor.Name), tensor.Name);
        }
    }

    [Fact]
    public void Stopped_half_way_it_leaves_no_model_and_can_be_done_again()
    {
        using var tiny = new TinyModel("qwen35-tiny");
        var plan = AblationPlan.Everywhere([Direction(tiny.Model.Hidden, 5)], tiny.Model.Layers);
        var target = Path.Combine(_folder, "out");
        Should.Throw<OperationCanceledException>(() => WeightBaker.Ablate(tiny.Model, plan, target, progress: new Shares(stopAt: 0.5)));
        Directory.EnumerateFileSystemEntries(_folder).ShouldBe([target]);
        Directory.EnumerateFileSystemEntries(target).ShouldBeEmpty();

        var shares = new Shares(stopAt: 2);
        using var model = LanguageModel.Load(WeightBaker.Ablate(tiny.Model, plan, target, progress: shares).Folder);
        shares.Seen.ShouldBe(shares.Seen.Order());
        shares.Seen[0].ShouldBe(0);
        shares.Seen[^1].ShouldBe(1);
        Directory.EnumerateFileSystemEntries(_folder).ShouldBe([target]);
    }

    [Fact]
    public void What_cannot_be_baked_is_refused()
    {
        using var tiny = new TinyModel("llama-plain");
        AblationPlan Plan(params float[][] directions) => AblationPlan.Everywhere(directions, tiny.Model.Layers);
        Should.Throw<CapvecException>(() => WeightBaker.Ablate(tiny.Model, Plan([1, 2]), Path.Combine(_folder, "a"))).Message.ShouldContain("2 numbers");
        Should.Throw<CapvecException>(() => Plan(new float[tiny.Model.Hidden])).Message.ShouldContain("length 0");
        Should.Throw<CapvecException>(() => Plan()).Message.ShouldContain("no direction");
        Should.Throw<CapvecException>(() => AblationPlan.EachBlock(new Dictionary<int, float[]> { [9] = [1f] }, 2)).Message.ShouldContain("layer 9 does not exist");
        File.WriteAllText(Path.Combine(_folder, "mine"), "x");
        Should.Throw<CapvecException>(() => WeightBaker.Ablate(tiny.Model, Plan(Direction(tiny.Model.Hidden, 5)), _folder)).Message.ShouldContain("holds files already");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private sealed class Shares(double stopAt) : IProgress<double>
    {
        public List<double> Seen { get; } = [];

        public void Report(double value)
        {
            Seen.Add(value);
            if (value >= stopAt)
                throw new OperationCanceledException();
        }
    }

    private static ForwardRequest Request(int[] tokens) => new() { Tokens = tokens, Logits = LogitRows.All, Capture = new CaptureRequest { Reduction = CaptureReduction.All } };

    // Streams and logits row by row, and nothing along the directions of an ablated embedding.
    private async Task<BakedModel> SameAsAtRunTime(LanguageModel original, AblationPlan plan, ForwardRequest request, string folder, bool unties)
    {
        const double Tolerance = 2e-4;
        var ablated = await Run(original, request with { Steering = plan.AtRunTime });
        var plain = await Run(original, request);
        var baked = WeightBaker.Ablate(original, plan, Path.Combine(_folder, folder));
        baked.Untied.ShouldBe(unties);
        using var model = LanguageModel.Load(baked.Folder);
        var result = await Run(model, request);
        for (var layer = 0; layer < original.Layers; layer++)
            Compare.Rows(result.Capture!.Values[layer], ablated.Capture!.Values[layer], model.Hidden, Tolerance, $"block {layer}");
        Compare.Rows(result.Logits, ablated.Logits, model.Vocabulary, Tolerance, "logits");
        result.Logits.Zip(plain.Logits, (x, y) => Math.Abs(x - y)).Max().ShouldBeGreaterThan(0.01f);
        return baked;
    }

    private string Float32Copy(string folder, Action<SafetensorsWriter>? more = null)
    {
        var copy = Directory.CreateDirectory(Path.Combine(_folder, Guid.NewGuid().ToString("N"))).FullName;
        foreach (var file in Directory.EnumerateFiles(folder, "*.json").Where(f => !f.EndsWith(".index.json", StringComparison.Ordinal)))
            File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        using var source = SafetensorsFolder.Open(folder);
        var writer = new SafetensorsWriter();
        foreach (var tensor in source.Tensors.Values)
            writer.Add(tensor.Name, tensor.Shape, source.ReadFloat32(tensor.Name));
        more?.Invoke(writer);
        writer.Write(Path.Combine(copy, "model.safetensors"));
        return copy;
    }

    private static bool IsTied(string folder)
    {
        using var source = SafetensorsFolder.Open(folder);
        return !source.Tensors.Keys.Any(n => n.EndsWith("lm_head.weight", StringComparison.Ordinal));
    }

    private static async Task<ForwardResult> Run(LanguageModel model, ForwardRequest request)
    {
        using var engine = new InferenceEngine(model);
        return await engine.ForwardAsync(request, TestContext.Current.CancellationToken);
    }

    private static byte[] Bytes(SafetensorsFolder folder, SafetensorsTensor tensor)
    {
        var bytes = new byte[tensor.ByteLength];
        folder.ReadRaw(tensor.Name, bytes);
        return bytes;
    }

    // Root mean square of the component along a direction, over all rows.
    private static double Along(float[] rows, float[] direction)
    {
        var length = Math.Sqrt(direction.Sum(x => (double)x * x));
        return Math.Sqrt(rows.Chunk(direction.Length).Average(row => Math.Pow(row.Zip(direction).Sum(p => (double)p.First * p.Second) / length, 2)));
    }

    private static float[] Direction(int hidden, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, hidden).Select(_ => (float)((random.NextDouble() * 2) - 1))];
    }
}
