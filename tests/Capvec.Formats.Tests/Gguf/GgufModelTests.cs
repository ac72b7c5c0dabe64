using System.Text.Json;
using Capvec.Formats.Errors;
using Capvec.Formats.Gguf;
using Capvec.Formats.Safetensors;
using Capvec.Tests;

namespace Capvec.Formats.Tests.Gguf;

/// <summary>Small models that llama.cpp's converter wrote.</summary>
public sealed class GgufModelTests
{
    [Theory]
    [InlineData("qwen35_tiny", "F16", 4)]
    [InlineData("qwen35_tiny", "Q8_0", 4)]
    [InlineData("qwen35_kmix", "KMIX", 2)]
    [InlineData("llama_tiny", "F16", 3)]
    [InlineData("llama_tiny", "Q8_0", 3)]
    public void A_converted_model_has_the_tensors_that_its_converter_wrote(string model, string type, int layers)
    {
        using var file = GgufFile.Open(Model($"{model}.{type}.gguf"));
        using var expected = JsonDocument.Parse(File.ReadAllText(Model($"{model}.{type}.tensors.json")));
        file.Tensors.Keys.ShouldBe(expected.RootElement.EnumerateObject().Select(p => p.Name), ignoreOrder: true);
        foreach (var row in expected.RootElement.EnumerateObject())
        {
            file.Tensors[row.Name].Type.ToString().ShouldBe(row.Value.GetProperty("type").GetString(), row.Name);
            file.Tensors[row.Name].Dimensions.ShouldBe(row.Value.GetProperty("ne").EnumerateArray().Select(n => n.GetInt64()), row.Name);
        }

        var architecture = file.Metadata.GetString("general.architecture");
        architecture.ShouldBe(model.StartsWith("qwen35", StringComparison.Ordinal) ? "qwen35" : "llama");
        file.Metadata.GetInteger($"{architecture}.block_count").ShouldBe(layers);
        file.Metadata.FindStrings("tokenizer.ggml.tokens")!.Length.ShouldBe((int)file.Tensors["token_embd.weight"].Rows);
        file.Metadata.FindInteger("no.such.key").ShouldBeNull();
        Should.Throw<CapvecException>(() => file.Metadata.GetInteger("no.such.key")).Message.ShouldContain("no 'no.such.key'");
        Should.Throw<CapvecException>(() => file.Metadata.GetInteger("general.architecture")).Message.ShouldContain("'general.architecture' is a string; expected a whole number");
    }

    [Theory]
    [InlineData("qwen35_tiny")]
    [InlineData("llama_tiny")]
    public void Weights_that_the_converter_left_alone_are_those_of_the_checkpoint(string model)
    {
        using var file = GgufFile.Open(Model($"{model}.F16.gguf"));
        using var checkpoint = SafetensorsFile.Open(Model($"{model}.safetensors"));
        using var rows = JsonDocument.Parse(File.ReadAllText(Model($"{model}.F16.tensors.json")));
        var compared = 0;
        foreach (var row in rows.RootElement.EnumerateObject())
        {
            if (row.Value.GetProperty("transform").GetString() != "" || row.Value.GetProperty("hf").GetString() is not { } name || !checkpoint.Tensors.ContainsKey(name))
                continue;
            file.ReadFloat32(row.Name).ShouldBe(checkpoint.ReadFloat32(name), row.Name);
            file.Tensors[row.Name].Shape.ShouldBe(checkpoint.Tensors[name].Shape, row.Name);
            compared++;
        }

        compared.ShouldBeGreaterThan(10);
    }

    [Theory]
    [InlineData("qwen35_tiny.Q8_0.gguf", "token_embd.weight")]
    [InlineData("qwen35_kmix.KMIX.gguf", "token_embd.weight")]
    public void Rows_read_alone_are_those_of_the_whole(string name, string tensor)
    {
        using var file = GgufFile.Open(Model(name));
        var about = file.Tensors[tensor];
        var whole = file.ReadFloat32(tensor);
        var part = new float[5 * about.Columns];
        var raw = new byte[5 * about.RowBytes];
        for (var row = 0L; row <= about.Rows - 5; row += 91)
        {
            file.ReadFloat32(tensor, row, 5, part);
            part.AsSpan().SequenceEqual(whole.AsSpan((int)(row * about.Columns), part.Length)).ShouldBeTrue();
            file.ReadRaw(tensor, row, 5, raw);
            var decoded = new float[part.Length];
            GgufBlocks.Dequantize(about.Type, raw, decoded);
            decoded.AsSpan().SequenceEqual(part).ShouldBeTrue();
        }

        Should.Throw<ArgumentOutOfRangeException>(() => file.ReadFloat32(tensor, about.Rows - 4, 5, part));
        Should.Throw<ArgumentException>(() => file.ReadRaw(tensor, 0, 4, raw));
    }

    private static string Model(string name) => Repository.Shared("goldens", "formats", "gguf", "models", name);
}
