using Capvec.Formats.Safetensors;

namespace Capvec.Cli.Tests;

/// <summary>convert, from the command line: there and back, adapters alone and merged, and every command that takes a model takes what it wrote.</summary>
public sealed class ConvertTests
{
    private const string Model = "models/phantom/checkpoint";
    private const string Adapter = "models/phantom/adapters/sft";

    [Fact]
    public async Task A_model_goes_to_a_gguf_file_and_back()
    {
        using var folder = new TemporaryFolder();
        var there = await Done("convert", "--model", Model, "--format", "bf16", "--out", folder.File("m.gguf"));
        there.Json.GetProperty("format").GetString().ShouldBe("bf16");
        var back = await Done("convert", "--model", folder.File("m.gguf"), "--out", folder.File("back"));
        back.Json.GetProperty("notes").GetArrayLength().ShouldBe(0);
        (await Logits(folder, "a", Model)).ShouldBe(await Logits(folder, "b", folder.File("back")));
        (await Done("tokenize", "--model", folder.File("back"), "--text", "Count été 12")).Json.GetProperty("ids").ToString()
            .ShouldBe((await Done("tokenize", "--model", Model, "--text", "Count été 12")).Json.GetProperty("ids").ToString());
    }

    [Fact]
    public async Task An_adapter_goes_to_a_gguf_file_and_acts_as_its_folder_does()
    {
        using var folder = new TemporaryFolder();
        await Done("convert", "--adapter", Adapter, "--base", Model, "--out", folder.File("sft.gguf"));
        var inspected = await Done("inspect", folder.File("sft.gguf"));
        inspected.Json.GetProperty("kind").GetString().ShouldBe("adapter");
        inspected.Json.GetProperty("parameters").GetInt64().ShouldBe((await Done("inspect", Adapter)).Json.GetProperty("parameters").GetInt64());
        var expected = await Logits(folder, "a", Model, "--adapter", Adapter);
        (await Logits(folder, "b", Model, "--adapter", folder.File("sft.gguf"))).ShouldBe(expected);
        expected.ShouldNotBe(await Logits(folder, "c", Model));
    }

    [Fact]
    public async Task Adapters_are_merged_into_a_folder_and_into_a_file()
    {
        using var folder = new TemporaryFolder();
        await Done("convert", "--model", Model, "--adapter", Adapter, "--adapter", "models/phantom/adapters/dpo", "--format", "f32", "--out", folder.File("both"));
        await Done("convert", "--model", Model, "--adapter", Adapter, "--adapter", "models/phantom/adapters/dpo", "--format", "f32", "--out", folder.File("both.gguf"));
        (await Logits(folder, "a", folder.File("both"))).ShouldBe(await Logits(folder, "b", folder.File("both.gguf")));
        await Done("convert", "--model", Model, "--adapter", Adapter, "--format", "f32", "--out", folder.File("one"));
        var (merged, adapted) = (await Logits(folder, "c", folder.File("one")), await Logits(folder, "d", Model, "--adapter", Adapter));
        var length = Math.Sqrt(adapted.Sum(x => (double)x * x));
        Math.Sqrt(merged.Zip(adapted, (m, a) => Math.Pow((double)m - a, 2)).Sum()).ShouldBeLessThan(1e-4 * length);
    }

    private static async Task<CapvecRun> Done(params string[] arguments)
    {
        var run = await CapvecProcess.RunAsync([.. arguments, "--json"]);
        run.ExitCode.ShouldBe(0, run.Error);
        return run;
    }

    private static async Task<float[]> Logits(TemporaryFolder folder, string name, string model, params string[] more)
    {
        await Done(["forward", "--model", model, "--ids", "1 300 301 17", "--out", folder.File(name), .. more]);
        using var file = SafetensorsFile.Open(folder.File(name));
        return file.ReadFloat32("logits");
    }
}
