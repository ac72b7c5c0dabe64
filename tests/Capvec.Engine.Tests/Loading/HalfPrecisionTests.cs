using Capvec.Engine.Conversion;
using Capvec.Engine.Loading;
using Capvec.Engine.Requests;
using Capvec.Engine.Scheduling;
using Capvec.Engine.Tests.Goldens;
using Capvec.Formats.Gguf;
using Capvec.Numerics.Kernels;

namespace Capvec.Engine.Tests.Loading;

/// <summary>A model stored in half precision keeps 2 bytes a weight in memory and computes the bits that its weights give as float32.</summary>
public sealed class HalfPrecisionTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("capvec-half-").FullName;

    public static TheoryData<string, KernelPath> ModelsAndPaths() => TinyModel.OnEveryPath(TinyModel.All);

    [Theory]
    [MemberData(nameof(ModelsAndPaths))]
    public async Task A_GGUF_file_computes_as_its_weights_do_in_float32(string name, KernelPath path)
    {
        using var tiny = new TinyModel(name);
        GgufConverter.Convert(tiny.Folder, "f16", At("half.gguf"));
        using (var half = GgufFile.Open(At("half.gguf")))
        {
            var writer = new GgufWriter();
            foreach (var (key, value) in half.Metadata.Values)
                writer.Set(key, value);
            foreach (var tensor in half.Tensors.Values)
            {
                var (values, columns) = (half.ReadFloat32(tensor.Name), (int)tensor.Shape[^1]);
                writer.Add(tensor.Name, GgufType.F32, tensor.Shape, (row, to) => values.AsSpan((int)row * columns, to.Length).CopyTo(to));
            }

            writer.Write(At("float.gguf"));
        }

        await CheckAsync(tiny, At("half.gguf"), At("float.gguf"), path);
    }

    [Theory]
    [MemberData(nameof(ModelsAndPaths))]
    public async Task A_folder_computes_as_its_weights_do_in_float32(string name, KernelPath path)
    {
        using var tiny = new TinyModel(name);
        FolderConverter.Convert(tiny.Folder, "f16", At("half"));
        FolderConverter.Convert(At("half"), "f32", At("float"));
        await CheckAsync(tiny, At("half"), At("float"), path);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static async Task CheckAsync(TinyModel tiny, string halfPath, string floatPath, KernelPath path)
    {
        var survey = ModelSurvey.Of(halfPath);
        survey.Memory(null).Weights.ShouldBe(survey.Memory(WeightFormat.Float16).Weights);
        using var half = LanguageModel.Load(halfPath);
        using var wide = LanguageModel.Load(floatPath);
        half.WeightBytes.ShouldBe(wide.WeightBytes / 2);
        using var engine = new InferenceEngine(half, new EngineOptions { Kernels = path });
        using var other = new InferenceEngine(wide, new EngineOptions { Kernels = path });
        foreach (var adapter in Directory.EnumerateDirectories(tiny.Folder).Order(StringComparer.Ordinal).Prepend(null))
        {
            using var mine = adapter is null ? null : half.LoadAdapter(adapter);
            using var its = adapter is null ? null : wide.LoadAdapter(adapter);
            foreach (var tokens in new[] { 1, 37 })
            {
                var request = new ForwardRequest { Tokens = tiny.Tokens("seq37.tokens")[..tokens], Logits = LogitRows.All, Capture = new CaptureRequest { Reduction = CaptureReduction.All } };
                var actual = await engine.ForwardAsync(request with { Adapter = mine }, TestContext.Current.CancellationToken);
                var expected = await other.ForwardAsync(request with { Adapter = its }, TestContext.Current.CancellationToken);
                actual.Logits.AsSpan().SequenceEqual(expected.Logits).ShouldBeTrue();
                foreach (var (a, e) in actual.Capture!.Values.Zip(expected.Capture!.Values))
                    a.AsSpan().SequenceEqual(e).ShouldBeTrue();
            }
        }
    }

    private string At(string name) => Path.Combine(_folder, name);
}
