using Capvec.Formats.Safetensors;

namespace Capvec.Cli.Tests;

public sealed class ForwardTests
{
    private const string Model = "models/phantom/checkpoint";

    [Fact]
    public async Task Forward_writes_logits_and_the_residual_stream_of_every_block()
    {
        using var folder = new TemporaryFolder();
        var run = await CapvecProcess.RunAsync("forward", "--model", Model, "--ids", "1 300 301", "--out", folder.File("f.safetensors"), "--json");
        run.ExitCode.ShouldBe(0, run.Error);
        run.Json.GetProperty("tokens").GetInt32().ShouldBe(3);
        using var file = SafetensorsFile.Open(folder.File("f.safetensors"));
        file.Tensors.Count.ShouldBe(13);
        file.Find("logits").Shape.ShouldBe([3, 2048]);
        for (var layer = 0; layer < 12; layer++)
            file.Find($"resid_post.{layer}").Shape.ShouldBe([3, 256]);
    }

    [Fact]
    public async Task A_gguf_model_is_described_and_run()
    {
        const string gguf = "tests/fixtures/gguf/models/qwen35_kmix.KMIX.gguf";
        var inspected = await CapvecProcess.RunAsync("inspect", gguf, "--json");
        inspected.ExitCode.ShouldBe(0, inspected.Error);
        inspected.Json.GetProperty("family").GetString().ShouldBe("Qwen3.5");
        inspected.Json.GetProperty("layers").GetInt32().ShouldBe(2);
        using var folder = new TemporaryFolder();
        var run = await CapvecProcess.RunAsync("forward", "--model", gguf, "--ids", "1 300 301", "--out", folder.File("f.safetensors"));
        run.ExitCode.ShouldBe(0, run.Error);
        using var file = SafetensorsFile.Open(folder.File("f.safetensors"));
        file.Find("logits").Shape.ShouldBe([3, 2048]);
        file.Find("resid_post.1").Shape.ShouldBe([3, 256]);
    }

    [Fact]
    public async Task A_steered_layer_shows_its_steered_value_and_layers_below_are_untouched()
    {
        using var folder = new TemporaryFolder();
        var direction = new float[12 * 256];
        for (var layer = 0; layer < 12; layer++)
            direction[(layer * 256) + layer] = 1;
        new SafetensorsWriter().Add("axes", [12, 256], direction).Write(folder.File("v.safetensors"));
        async Task<SafetensorsFile> Forward(string name, params string[] more)
        {
            var run = await CapvecProcess.RunAsync(["forward", "--model", Model, "--ids", "1 300 301", "--out", folder.File(name), .. more]);
            run.ExitCode.ShouldBe(0, run.Error);
            return SafetensorsFile.Open(folder.File(name));
        }

        using var plain = await Forward("plain");
        using var steered = await Forward("steered", "--vector", $"{folder.File("v.safetensors")}#axes", "--layer", "5", "--alpha", "-7.5");
        using var zero = await Forward("zero", "--vector", folder.File("v.safetensors"), "--vector-name", "axes", "--layer", "0-11", "--alpha", "0");
        steered.ReadFloat32("resid_post.4").ShouldBe(plain.ReadFloat32("resid_post.4"));
        var (before, after) = (plain.ReadFloat32("resid_post.5"), steered.ReadFloat32("resid_post.5"));
        for (var i = 0; i < before.Length; i++)
            after[i].ShouldBe(i % 256 == 5 ? before[i] - 7.5f : before[i], tolerance: 1e-5);
        steered.ReadFloat32("logits").ShouldNotBe(plain.ReadFloat32("logits"));
        zero.ReadFloat32("logits").ShouldBe(plain.ReadFloat32("logits"));
    }

    [Fact]
    public async Task Schedules_gates_and_a_steering_file_say_what_the_options_say()
    {
        using var folder = new TemporaryFolder();
        new SafetensorsWriter().Add("axes", [12, 256], Enumerable.Range(0, 12 * 256).Select(i => i % 256 == 9 ? 1f : 0).ToArray()).Write(folder.File("v.safetensors"));
        File.WriteAllText(folder.File("s.json"), """
            {"vectors":[{"source":"v.safetensors#axes","scale":4,"layers":[5],"apply":{"prompt":true,"generation":true,"reply":{"from":1,"to":9,"every":2,"half_life":3}},
                         "gate":{"layer":7,"below":500,"over":"max"}}]}
            """);
        string[] common = ["forward", "--model", Model, "--ids", "1 300 301", "--out", folder.File("f"), "--json"];
        var flags = await CapvecProcess.RunAsync([.. common, "--vector", $"{folder.File("v.safetensors")}#axes", "--layer", "5", "--alpha", "4", "--reply-from", "1", "--reply-to", "9", "--reply-every", "2", "--half-life", "3", "--gate-layer", "7", "--gate-below", "500", "--gate-over", "max"]);
        flags.ExitCode.ShouldBe(0, flags.Error);
        var file = await CapvecProcess.RunAsync([.. common, "--steering", folder.File("s.json")]);
        file.ExitCode.ShouldBe(0, file.Error);
        file.Json.GetProperty("steering").GetString().ShouldBe(flags.Json.GetProperty("steering").GetString());
        var gate = flags.Json.GetProperty("gates").EnumerateArray().ShouldHaveSingleItem();
        gate.GetProperty("open").GetBoolean().ShouldBeTrue();
        gate.GetProperty("value").GetDouble().ShouldBe(file.Json.GetProperty("gates")[0].GetProperty("value").GetDouble());

        foreach (var (more, says) in new[]
        {
            ("--steering s.json --alpha 3", "--steering says everything; --alpha beside it is of --vector"),
            ("--gate-layer 3 --gate-above 1", "--gate-layer steers with a --vector, which is missing"),
            ("--vector v --layer 1 --alpha 1 --gate-above 1", "a gate needs a --gate-layer to read"),
            ("--vector v --layer 1 --alpha 1 --gate-layer 3", "--gate-layer needs one threshold"),
            ("--vector v --layer 1 --alpha 1 --reply-from 3 --reply-to 3", "leave no token"),
            ("--vector v --layer 1 --operation ablate --half-life 3", "--half-life fades a strength"),
        })
        {
            var run = await CapvecProcess.RunAsync([.. common, .. more.Split(' ').Select(word => word is "s.json" ? folder.File(word) : word)]);
            (run.ExitCode, run.Output.Contains(says, StringComparison.Ordinal) || run.Error.Contains(says, StringComparison.Ordinal)).ShouldBe((2, true), $"{more}: {run.Error}{run.Output}");
        }
    }

    [Fact]
    public async Task Affine_and_clamp_set_the_component_and_refuse_what_they_cannot_use()
    {
        using var folder = new TemporaryFolder();
        new SafetensorsWriter().Add("axes", [12, 256], Enumerable.Range(0, 12 * 256).Select(i => i % 256 == 9 ? 1f : 0).ToArray()).Write(folder.File("v.safetensors"));
        string[] common = ["forward", "--model", Model, "--ids", "1 300 301", "--vector", $"{folder.File("v.safetensors")}#axes", "--layer", "5", "--out", folder.File("f")];
        foreach (var more in new string[][] { ["--operation", "affine", "--alpha", "2.5"], ["--operation", "clamp", "--low", "2.5", "--high", "2.5"] })
        {
            var run = await CapvecProcess.RunAsync([.. common, .. more]);
            run.ExitCode.ShouldBe(0, run.Error);
            using var file = SafetensorsFile.Open(folder.File("f"));
            file.ReadFloat32("resid_post.5").Where((_, i) => i % 256 == 9).ShouldAllBe(x => Math.Abs(x - 2.5f) < 1e-5);
        }

        foreach (var (more, message) in new (string[], string)[]
        {
            (["--operation", "clamp"], "--operation clamp needs --low, --high or both"),
            (["--operation", "clamp", "--low", "1", "--alpha", "1"], "--operation clamp has a range"),
            (["--operation", "clamp", "--low", "2", "--high", "1"], "--low 2 is above --high 1"),
            (["--alpha", "1", "--low", "1"], "--low and --high are of --operation clamp"),
        })
        {
            var run = await CapvecProcess.RunAsync([.. common, .. more]);
            run.ExitCode.ShouldBe(2);
            run.Error.ShouldContain(message);
        }
    }

    [Fact]
    public async Task An_adapter_changes_the_logits()
    {
        using var folder = new TemporaryFolder();
        var plain = await CapvecProcess.RunAsync("forward", "--model", Model, "--ids", "1 300", "--out", folder.File("a"));
        var adapted = await CapvecProcess.RunAsync("forward", "--model", Model, "--adapter", "models/phantom/adapters/sft", "--ids", "1 300", "--out", folder.File("b"));
        (plain.ExitCode, adapted.ExitCode).ShouldBe((0, 0));
        using var a = SafetensorsFile.Open(folder.File("a"));
        using var b = SafetensorsFile.Open(folder.File("b"));
        b.ReadFloat32("logits").ShouldNotBe(a.ReadFloat32("logits"));
        b.Metadata["adapter_hash"].ShouldNotBe("none");
    }
}
