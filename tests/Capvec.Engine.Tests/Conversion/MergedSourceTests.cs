using Capvec.Engine.Conversion;
using Capvec.Engine.Loading;
using Capvec.Engine.Requests;
using Capvec.Engine.Scheduling;
using Capvec.Engine.Tests.Goldens;
using Capvec.Formats.Errors;
using Capvec.Formats.Peft;
using Capvec.Formats.Safetensors;

namespace Capvec.Engine.Tests.Conversion;

/// <summary>Weights with adapters merged in compute what the adapters do at run time.</summary>
public sealed class MergedSourceTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("capvec-merged-").FullName;

    public static TheoryData<string, string> Adapters { get; } = new()
    {
        { "qwen35-tiny", "lora-all" }, { "qwen35-tiny", "lora-rs" }, { "qwen35-vl-names", "lora-vl" }, { "llama-tiny", "lora-pattern" },
    };

    private string Out => Path.Combine(_folder, "out");

    [Theory]
    [MemberData(nameof(Adapters))]
    public async Task Merged_in_float32_and_at_run_time_agree_whatever_the_files(string name, string adapterName)
    {
        using var tiny = new TinyModel(name);
        var adapterFolder = Path.Combine(tiny.Folder, adapterName);
        FolderConverter.Convert(tiny.Folder, "f32", Out, [adapterFolder]);
        var file = Path.Combine(_folder, "merged.gguf");
        GgufConverter.Convert(tiny.Folder, "f32", file, [adapterFolder]);
        var adapterFile = Path.Combine(_folder, "adapter.gguf");
        AdapterConverter.Convert(adapterFolder, tiny.Folder, adapterFile);
        var fromFiles = Path.Combine(_folder, "from-files");
        var plain = Path.Combine(_folder, "plain.gguf");
        GgufConverter.Convert(tiny.Folder, "f32", plain);
        FolderConverter.Convert(plain, "f32", fromFiles, [adapterFile]);

        using var adapter = tiny.Model.LoadAdapter(adapterFolder);
        using var engine = new InferenceEngine(tiny.Model);
        var request = new ForwardRequest { Tokens = tiny.Tokens("seq37.tokens"), Logits = LogitRows.All };
        var expected = await engine.ForwardAsync(request with { Adapter = adapter }, TestContext.Current.CancellationToken);
        foreach (var path in new[] { Out, file, fromFiles })
        {
            using var merged = LanguageModel.Load(path);
            using var other = new InferenceEngine(merged);
            var actual = await other.ForwardAsync(request, TestContext.Current.CancellationToken);
            Compare.Rows(actual.Logits, expected.Logits, merged.Vocabulary, Tolerances.Logits, path);
        }
    }

    [Fact]
    public void In_the_model_s_own_format_the_sum_is_rounded_once_and_the_rest_is_untouched()
    {
        using var tiny = new TinyModel("qwen35-vl-names");
        var adapter = Path.Combine(tiny.Folder, "lora-vl");
        FolderConverter.Convert(tiny.Folder, null, Out, [adapter]);
        using var before = SafetensorsFolder.Open(tiny.Folder);
        using var after = SafetensorsFolder.Open(Out);
        after.Tensors.Keys.Order().ShouldBe(before.Tensors.Keys.Order());
        var modules = PeftAdapter.Load(adapter).Modules.ToDictionary(module => module.Path + ".weight");
        foreach (var tensor in before.Tensors.Values)
        {
            after.Find(tensor.Name).Dtype.ShouldBe(tensor.Dtype);
            after.Find(tensor.Name).Shape.ShouldBe(tensor.Shape);
            var (was, now) = (before.ReadFloat32(tensor.Name), after.ReadFloat32(tensor.Name));
            if (!modules.TryGetValue(tensor.Name, out var module))
            {
                now.AsSpan().SequenceEqual(was).ShouldBeTrue(tensor.Name);
                continue;
            }

            // bf16 has 7 bits behind the first: to nearest is off by at most 2^-8 of the value; float32 sums before it by far less.
            var sums = Sums(was, [module]);
            for (var i = 0; i < now.Length; i++)
                Math.Abs(now[i] - sums[i]).ShouldBeLessThanOrEqualTo((Math.Abs(sums[i]) / 256 * 1.001) + 1e-6, tensor.Name);
        }

        File.ReadAllText(Path.Combine(Out, "config.json")).ShouldBe(File.ReadAllText(Path.Combine(tiny.Folder, "config.json")));
    }

    [Fact]
    public void Several_adapters_add_up()
    {
        using var tiny = new TinyModel("qwen35-tiny");
        string[] adapters = [Path.Combine(tiny.Folder, "lora-all"), Path.Combine(tiny.Folder, "lora-rs")];
        FolderConverter.Convert(tiny.Folder, "f32", Out, adapters);
        using var before = SafetensorsFolder.Open(tiny.Folder);
        using var after = SafetensorsFolder.Open(Out);
        var modules = adapters.SelectMany(path => PeftAdapter.Load(path).Modules).ToLookup(module => module.Path + ".weight");
        modules.Any(group => group.Count() == 2).ShouldBeTrue();
        foreach (var group in modules)
        {
            var sums = Sums(before.ReadFloat32(group.Key), [.. group]);
            foreach (var (actual, expected) in after.ReadFloat32(group.Key).Zip(sums))
                ((double)actual).ShouldBe(expected, 1e-6);
        }
    }

    [Fact]
    public void An_adapter_of_another_model_is_refused_before_anything_is_written()
    {
        using var tiny = new TinyModel("llama-tiny");
        Should.Throw<CapvecException>(() => FolderConverter.Convert(tiny.Folder, null, Out, [Path.Combine(tiny.Folder, "..", "qwen35-tiny", "lora-all")])).Message.ShouldContain("is the adapter for another one?");
        Directory.Exists(Out).ShouldBeFalse();
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // W + sum s B A, in float64.
    private static double[] Sums(float[] weights, IReadOnlyList<PeftModule> modules)
    {
        var sums = weights.Select(w => (double)w).ToArray();
        foreach (var module in modules)
        {
            for (var i = 0; i < sums.Length; i++)
            {
                for (var r = 0; r < module.Rank; r++)
                    sums[i] += (double)module.Scale * module.B[(i / module.In * module.Rank) + r] * module.A[(r * module.In) + (i % module.In)];
            }
        }

        return sums;
    }
}
