using System.Text.Json.Nodes;
using Capvec.Engine.Loading;
using Capvec.Formats.Errors;
using Capvec.Tests;

namespace Capvec.Engine.Tests.Families;

/// <summary>Rotary frequencies as families read them from config.json.</summary>
public sealed class RotaryTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("capvec-rotary-").FullName;

    public RotaryTests()
    {
        foreach (var file in new[] { "config.json", "model.safetensors" })
            File.Copy(Repository.File("tests", "fixtures", "models", "llama-plain", file), Path.Combine(_folder, file));
    }

    // Heads of 16, theta 10000: the frequencies are 10^(-i/2).
    [Fact]
    public void Linear_scaling_divides_every_frequency()
    {
        var plain = Frequencies("""{"rope_type": "default", "rope_theta": 10000}""");
        plain.Length.ShouldBe(8);
        for (var i = 0; i < 8; i++)
            plain[i].ShouldBe((float)Math.Pow(10, -i / 2.0), 1e-6f);
        Frequencies("""{"type": "linear", "factor": 4, "rope_theta": 10000}""").ShouldBe(plain.Select(f => f / 4));
    }

    [Fact]
    public void Llama_3_leaves_short_waves_and_divides_long_ones()
    {
        var plain = Frequencies("""{"rope_type": "default", "rope_theta": 10000}""");
        var scaled = Frequencies("""{"rope_type": "llama3", "rope_theta": 10000, "factor": 8, "low_freq_factor": 1, "high_freq_factor": 4, "original_max_position_embeddings": 64}""");

        // Waves are 6.3, 19.9, 62.8, 199, ... positions long; up to 64/4 stay, from 64/1 on are stretched.
        scaled[0].ShouldBe(plain[0]);
        for (var i = 3; i < 8; i++)
            scaled[i].ShouldBe(plain[i] / 8);
        for (var i = 1; i < 3; i++)
        {
            var share = ((64 * plain[i] / (2 * MathF.PI)) - 1) / 3;
            scaled[i].ShouldBe(((1 - share) * plain[i] / 8) + (share * plain[i]), 1e-6f);
        }
    }

    [Theory]
    [InlineData("""{"rope_type": "yarn"}""", "rope_type \"yarn\" is not supported")]
    [InlineData("""{"rope_type": "linear"}""", "\"factor\" is missing")]
    [InlineData("""{"rope_type": "linear", "factor": 0}""", "\"factor\"")]
    [InlineData("""{"rope_type": "llama3", "factor": 8, "low_freq_factor": 4, "high_freq_factor": 4, "original_max_position_embeddings": 64}""", "\"high_freq_factor\"")]
    [InlineData("""{"rope_type": "llama3", "factor": 8, "low_freq_factor": 1, "high_freq_factor": 4}""", "\"original_max_position_embeddings\" is missing")]
    public void Wrong_scaling_is_refused(string rope, string expected)
    {
        var message = Should.Throw<CapvecException>(() => Frequencies(rope)).Message;
        message.ShouldContain(expected);
        message.ShouldNotContain("\n");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private float[] Frequencies(string rope)
    {
        var path = Path.Combine(_folder, "config.json");
        var config = JsonNode.Parse(File.ReadAllText(path))!;
        config["rope_parameters"] = JsonNode.Parse(rope);
        File.WriteAllText(path, config.ToJsonString());
        using var model = LanguageModel.Load(_folder);
        return [.. model.Config.RotaryFrequencies];
    }
}
