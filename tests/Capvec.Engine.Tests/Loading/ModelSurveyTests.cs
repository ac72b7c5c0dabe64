using Capvec.Engine.Loading;
using Capvec.Engine.Scheduling;
using Capvec.Engine.Tests.Goldens;
using Capvec.Formats.Errors;
using Capvec.Numerics.Kernels;
using Capvec.Tests;

namespace Capvec.Engine.Tests.Loading;

/// <summary>What headers alone tell is what loading finds.</summary>
public sealed class ModelSurveyTests
{
    public static TheoryData<string> Models { get; } =
    [
        .. TinyModel.All.Select(name => Path.Combine("models", name)),
        .. new[] { "llama_tiny.F16", "llama_tiny.Q8_0", "qwen35_tiny.Q8_0", "qwen35_kmix.KMIX" }.Select(name => Path.Combine("gguf", "models", name + ".gguf")),
    ];

    [Theory]
    [MemberData(nameof(Models))]
    public void The_plan_from_headers_is_that_of_the_loaded_model(string name)
    {
        var path = Repository.File("tests", "fixtures", name);
        var survey = ModelSurvey.Of(path);
        using var model = LanguageModel.Load(path);
        var options = new EngineOptions { CacheBytes = 1 << 20 };
        using var engine = new InferenceEngine(model, options);
        survey.Memory(null, options).ShouldBe(engine.Memory);
        survey.Notes.ShouldBe(model.Notes);
        survey.StopTokens.ShouldBe(model.StopTokens);
        survey.Config.Layers.ShouldBe(model.Layers);
        survey.ComputeHash().ShouldBe(model.Hash);
    }

    [Fact]
    public void Each_format_takes_what_its_panels_take()
    {
        // All matrices of this model have whole panels of 32 rows or are padded to such, so that f32 is 4 bytes for each of 32-row panels, and bf16 half of it.
        var survey = ModelSurvey.Of(Repository.File("models", "phantom", "checkpoint"));
        var f32 = survey.Memory(WeightFormat.Float32).Weights;
        f32.ShouldBeInRange(4 * survey.MatrixWeights, (long)(4.05 * survey.MatrixWeights));
        survey.Memory(WeightFormat.BFloat16).Weights.ShouldBe(f32 / 2);
        survey.Memory(WeightFormat.Float16).Weights.ShouldBe(f32 / 2);
        survey.Memory(WeightFormat.Q8_0).Weights.ShouldBe(f32 / 4 / 32 * 34);
    }

    [Fact]
    public void A_tensor_of_another_shape_is_found_without_reading_weights()
    {
        var folder = Directory.CreateTempSubdirectory("capvec-survey-").FullName;
        foreach (var file in Directory.EnumerateFiles(Repository.File("tests", "fixtures", "models", "llama-plain")))
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        var config = Path.Combine(folder, "config.json");
        File.WriteAllText(config, File.ReadAllText(config).Replace("\"intermediate_size\": ", "\"intermediate_size\": 1", StringComparison.Ordinal));
        Should.Throw<CapvecException>(() => ModelSurvey.Of(folder)).Message.ShouldContain("config.json asks for");
        Directory.Delete(folder, recursive: true);
    }
}
