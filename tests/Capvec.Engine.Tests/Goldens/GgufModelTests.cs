using Capvec.Engine.Interventions;
using Capvec.Engine.Loading;
using Capvec.Engine.Requests;
using Capvec.Engine.Scheduling;
using Capvec.Formats.Gguf;
using Capvec.Formats.Safetensors;
using Capvec.Numerics.Kernels;
using Capvec.Tests;

namespace Capvec.Engine.Tests.Goldens;

/// <summary>Files made by llama.cpp's converter, against transformers on the weights that they hold: every reordering undone, every block type read.</summary>
public sealed class GgufModelTests
{
    private delegate void RowComparison(ReadOnlySpan<float> actual, ReadOnlySpan<float> expected, int width, double tolerance, string what);

    public static TheoryData<string, KernelPath> FilesAndPaths()
    {
        var data = new TheoryData<string, KernelPath>();
        foreach (var file in new[] { "llama_tiny.F16", "llama_tiny.Q8_0", "qwen35_tiny.F16", "qwen35_tiny.Q8_0", "qwen35_kmix.KMIX" })
        {
            foreach (var path in KernelPaths.Supported)
                data.Add(file, path);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(FilesAndPaths))]
    public Task Exact_products_agree(string file, KernelPath path) => Agree(file, new EngineOptions { Kernels = path, Activations = Activations.Float32 }, Tolerances.Residual, Tolerances.Logits);

    [Theory]
    [MemberData(nameof(FilesAndPaths))]
    public Task Integer_products_agree(string file, KernelPath path) => Agree(file, new EngineOptions { Kernels = path }, Tolerances.Rounded, Tolerances.Rounded);

    [Theory]
    [MemberData(nameof(FilesAndPaths))]
    public Task Byte_products_agree(string file, KernelPath path) => Agree(file, new EngineOptions { Kernels = path, Activations = Activations.Int8 }, Tolerances.Bytes, Tolerances.Bytes, Compare.Mean);

    private static async Task Agree(string file, EngineOptions options, double residual, double logits, RowComparison? comparison = null)
    {
        var compare = comparison ?? Compare.Rows;
        var stem = Repository.File("tests", "fixtures", "gguf", "models", file);
        using var expected = SafetensorsFile.Open(stem + ".expected.safetensors");
        using var model = LanguageModel.Load(stem + ".gguf");
        model.Name.ShouldBe(file);
        model.Notes.ShouldBeEmpty();
        using var engine = new InferenceEngine(model, options);
        var request = new ForwardRequest { Tokens = [.. expected.ReadInt64("input_ids").Select(id => (int)id)], Logits = LogitRows.All, Capture = new CaptureRequest { Reduction = CaptureReduction.All } };

        var plain = await engine.ForwardAsync(request, TestContext.Current.CancellationToken);
        compare(plain.Capture!.Values.SelectMany(v => v).ToArray(), expected.ReadFloat32("resid_post"), model.Hidden, residual, "resid_post");
        compare(plain.Logits, expected.ReadFloat32("logits"), model.Vocabulary, logits, "logits");

        var steered = await engine.ForwardAsync(request with { Steering = ControlVector(stem[..stem.LastIndexOf('.')] + ".cvec.gguf") }, TestContext.Current.CancellationToken);
        compare(steered.Logits, expected.ReadFloat32("steered_logits"), model.Vocabulary, logits, "steered_logits");
    }

    private static SteeringPlan ControlVector(string path)
    {
        using var file = GgufFile.Open(path);
        return new SteeringPlan([.. file.Tensors.Keys.Select(name => new Intervention(SteeringOperation.Add, int.Parse(name.Split('.')[1], System.Globalization.CultureInfo.InvariantCulture), file.ReadFloat32(name), 3))]);
    }
}
