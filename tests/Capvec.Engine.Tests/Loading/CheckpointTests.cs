using System.Text.Json.Nodes;
using Capvec.Engine.Loading;
using Capvec.Formats.Errors;
using Capvec.Formats.Safetensors;
using Capvec.Tests;

namespace Capvec.Engine.Tests.Loading;

/// <summary>Wrong model folders are refused in one line that says what and where.</summary>
public sealed class CheckpointTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("capvec-load-").FullName;

    public CheckpointTests() => CopyFolder(Repository.File("tests", "fixtures", "models", "qwen35-tiny"), _folder);

    [Fact]
    public void The_copy_itself_loads()
    {
        using var model = LanguageModel.Load(_folder);
        model.Layers.ShouldBe(5);
        model.Hash.Length.ShouldBe(16);
        model.Notes.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("model_type", "\"gpt2\"", "\"gpt2\" is not supported")]
    [InlineData("hidden_size", "\"wide\"", "\"hidden_size\" is \"wide\"; expected a positive whole number")]
    [InlineData("hidden_size", "63", "config.json asks for")]
    [InlineData("hidden_act", "\"gelu\"", "\"hidden_act\"")]
    [InlineData("attention_bias", "true", "\"attention_bias\" is true")]
    [InlineData("attn_output_gate", "false", "\"attn_output_gate\" is false")]
    [InlineData("quantization_config", "{}", "quantization_config")]
    [InlineData("num_key_value_heads", "3", "not a multiple of num_key_value_heads 3")]
    [InlineData("layer_types", "[\"sliding\"]", "layer_types has 1 entries")]
    [InlineData("rope_parameters", "{\"rope_type\": \"yarn\"}", "rope_type \"yarn\"")]
    [InlineData("num_hidden_layers", "6", "6")]
    public void A_wrong_config_is_refused(string key, string value, string expected)
    {
        var path = Path.Combine(_folder, "config.json");
        var config = JsonNode.Parse(File.ReadAllText(path))!;
        config[key] = JsonNode.Parse(value);
        File.WriteAllText(path, config.ToJsonString());
        Refused().ShouldContain(expected);
    }

    [Fact]
    public void A_missing_key_is_named()
    {
        var path = Path.Combine(_folder, "config.json");
        var config = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        config.Remove("head_dim");
        File.WriteAllText(path, config.ToJsonString());
        Refused().ShouldContain("\"head_dim\" is missing");
    }

    [Fact]
    public void A_truncated_weight_file_is_refused()
    {
        var path = Path.Combine(_folder, "model.safetensors");
        using (var file = File.OpenWrite(path))
            file.SetLength(file.Length - 1000);
        Refused().ShouldContain("model.safetensors");
    }

    [Fact]
    public void A_folder_without_a_model_is_refused()
    {
        Directory.Delete(_folder, recursive: true);
        Directory.CreateDirectory(_folder);
        Refused().ShouldContain("no config.json");
    }

    [Fact]
    public void The_layout_of_another_tool_is_refused()
    {
        Rewrite(name => name.EndsWith("layers.0.linear_attn.conv1d.weight", StringComparison.Ordinal), shape => [shape[0], shape[2], shape[1]]);
        Refused().ShouldContain("MLX");
    }

    [Fact]
    public void Vision_and_prediction_tensors_are_counted()
    {
        using var model = LanguageModel.Load(Repository.File("tests", "fixtures", "models", "qwen35-vl-names"));
        model.Notes.ShouldBe(["21 tensors of the vision tower are not used.", "15 tensors of the multi-token-prediction head are not used."], ignoreOrder: true);
    }

    [Fact]
    public void An_adapter_for_another_model_is_refused()
    {
        using var model = LanguageModel.Load(_folder);
        Should.Throw<CapvecException>(() => model.LoadAdapter(Repository.File("models", "phantom", "adapters", "sft"))).Message.ShouldContain("another");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static void CopyFolder(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from))
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
    }

    private string Refused()
    {
        var message = Should.Throw<CapvecException>(() => LanguageModel.Load(_folder)).Message;
        message.ShouldNotContain("\n");
        return message;
    }

    private void Rewrite(Func<string, bool> which, Func<long[], long[]> reshape)
    {
        var path = Path.Combine(_folder, "model.safetensors");
        var writer = new SafetensorsWriter();
        using (var file = SafetensorsFile.Open(path))
        {
            foreach (var tensor in file.Tensors.Values)
                writer.Add(tensor.Name, which(tensor.Name) ? reshape(tensor.Shape) : tensor.Shape, file.ReadFloat32(tensor.Name));
        }

        writer.Write(path);
    }
}
