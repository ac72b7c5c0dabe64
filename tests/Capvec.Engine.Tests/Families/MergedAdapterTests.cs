using Capvec.Engine.Loading;
using Capvec.Engine.Requests;
using Capvec.Engine.Scheduling;
using Capvec.Engine.Tests.Goldens;
using Capvec.Formats.Safetensors;

namespace Capvec.Engine.Tests.Families;

/// <summary>In every dense family an adapter on every matrix of every block gives what the checkpoint with <c>W + s B A</c> gives.</summary>
public sealed class MergedAdapterTests : IDisposable
{
    private const int Rank = 3;
    private const float Alpha = 5;
    private readonly string _folder = Directory.CreateTempSubdirectory("capvec-merge-").FullName;

    [Theory]
    [InlineData("llama-plain")]
    [InlineData("qwen2-tiny")]
    [InlineData("qwen3-tiny")]
    public async Task An_adapter_at_run_time_and_merged_agree(string name)
    {
        using var tiny = new TinyModel(name);
        var adapterFolder = Directory.CreateDirectory(Path.Combine(_folder, "adapter")).FullName;
        var mergedFolder = Directory.CreateDirectory(Path.Combine(_folder, "merged")).FullName;
        Write(tiny.Folder, adapterFolder, mergedFolder).ShouldBe(7 * tiny.Model.Layers);

        using var merged = LanguageModel.Load(mergedFolder);
        using var adapter = tiny.Model.LoadAdapter(adapterFolder);
        using var engine = new InferenceEngine(tiny.Model);
        using var other = new InferenceEngine(merged);
        var request = new ForwardRequest { Tokens = tiny.Tokens("seq37.tokens"), Logits = LogitRows.All, Capture = new CaptureRequest { Reduction = CaptureReduction.All } };
        var plain = await engine.ForwardAsync(request, TestContext.Current.CancellationToken);
        var adapted = await engine.ForwardAsync(request with { Adapter = adapter }, TestContext.Current.CancellationToken);
        var expected = await other.ForwardAsync(request, TestContext.Current.CancellationToken);
        adapted.Logits.Zip(plain.Logits, (a, p) => Math.Abs(a - p)).Max().ShouldBeGreaterThan(0.1f);
        Compare.Rows(adapted.Logits, expected.Logits, merged.Vocabulary, Tolerances.Logits, "logits");
        foreach (var (a, e) in adapted.Capture!.Values.Zip(expected.Capture!.Values))
            Compare.Rows(a, e, merged.Hidden, Tolerances.Residual, "resid_post");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>Writes a random adapter and the checkpoint with it merged; gives the number of modules.</summary>
    private static int Write(string model, string adapterFolder, string mergedFolder)
    {
        var random = new Random(11);
        var adapter = new SafetensorsWriter();
        var merged = new SafetensorsWriter();
        var modules = 0;
        using var files = SafetensorsFolder.Open(model);
        foreach (var tensor in files.Tensors.Values)
        {
            var values = files.ReadFloat32(tensor.Name);
            if (tensor.Name.EndsWith("_proj.weight", StringComparison.Ordinal))
            {
                modules++;
                var (rows, columns) = ((int)tensor.Shape[0], (int)tensor.Shape[1]);
                float[] a = Values(random, Rank * columns), b = Values(random, rows * Rank);
                var module = "base_model.model." + tensor.Name[..^".weight".Length];
                adapter.Add(module + ".lora_A.weight", [Rank, columns], a).Add(module + ".lora_B.weight", [rows, Rank], b);
                for (var i = 0; i < values.Length; i++)
                    values[i] += (float)(Alpha / Rank * Enumerable.Range(0, Rank).Sum(r => (double)b[(i / columns * Rank) + r] * a[(r * columns) + (i % columns)]));
            }

            merged.Add(tensor.Name, tensor.Shape, values);
        }

        adapter.Write(Path.Combine(adapterFolder, "adapter_model.safetensors"));
        File.WriteAllText(Path.Combine(adapterFolder, "adapter_config.json"), $$"""{"peft_type": "LORA", "r": {{Rank}}, "lora_alpha": {{Alpha}}, "target_modules": "all-linear"}""");
        merged.Write(Path.Combine(mergedFolder, "model.safetensors"));
        File.Copy(Path.Combine(model, "config.json"), Path.Combine(mergedFolder, "config.json"));
        return modules;
    }

    private static float[] Values(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => (random.NextSingle() - 0.5f) / 4)];
}
