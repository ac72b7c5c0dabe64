using System.Text.Json.Nodes;
using Capvec.Engine.Loading;
using Capvec.Formats.Errors;
using Capvec.Tests;

namespace Capvec.Engine.Tests.Families;

/// <summary>Settings of the dense families that would be computed wrongly are refused in one line; defaults are those of the published code.</summary>
public sealed class DenseFamilyTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("capvec-dense-").FullName;

    [Theory]
    [InlineData("llama-plain", "attention_bias", "true", "\"attention_bias\" is true")]
    [InlineData("llama-plain", "mlp_bias", "true", "\"mlp_bias\" is true")]
    [InlineData("llama-plain", "sliding_window", "4096", "\"sliding_window\" is present")]
    [InlineData("llama-plain", "hidden_act", "\"gelu\"", "\"hidden_act\"")]
    [InlineData("llama-plain", "head_dim", "15", "expected an even number")]
    [InlineData("llama-plain", "num_key_value_heads", "2", "not a multiple of num_key_value_heads 2")]
    [InlineData("llama-plain", "quantization_config", "{}", "quantization_config")]
    [InlineData("llama-plain", "model_type", "\"gpt_neox\"", "\"gpt_neox\" is not supported; this version runs llama, mistral, qwen2, qwen3, qwen3_5, qwen3_5_text")]
    [InlineData("llama-plain", "model_type", "\"qwen2\"", "self_attn.q_proj.bias")]
    [InlineData("llama-plain", "model_type", "\"qwen3\"", "self_attn.q_norm.weight")]
    [InlineData("llama-tiny", "tie_word_embeddings", "null", null)]
    [InlineData("qwen2-tiny", "use_sliding_window", "true", "\"use_sliding_window\" is true")]
    [InlineData("qwen2-tiny", "layer_types", "[\"full_attention\", \"sliding_attention\", \"full_attention\"]", "layer_types is not 3 times \"full_attention\"")]
    [InlineData("qwen3-tiny", "attention_bias", "true", "\"attention_bias\" is true")]
    [InlineData("qwen3-tiny", "head_dim", "null", "asks for [512, 64]")]
    [InlineData("llama-plain", "head_dim", "null", null)]
    [InlineData("llama-plain", "num_key_value_heads", "null", null)]
    public void A_setting_is_obeyed_or_refused(string name, string key, string value, string? expected)
    {
        foreach (var file in new[] { "config.json", "model.safetensors" })
            File.Copy(Repository.File("tests", "fixtures", "models", name, file), Path.Combine(_folder, file));
        var path = Path.Combine(_folder, "config.json");
        var config = JsonNode.Parse(File.ReadAllText(path))!;
        config[key] = JsonNode.Parse(value);
        File.WriteAllText(path, config.ToJsonString());
        if (expected is null)
        {
            LanguageModel.Load(_folder).Dispose();
            return;
        }

        var message = Should.Throw<CapvecException>(() => LanguageModel.Load(_folder)).Message;
        message.ShouldContain(expected);
        message.ShouldNotContain("\n");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
