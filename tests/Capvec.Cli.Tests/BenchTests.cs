using System.Text.Json;

namespace Capvec.Cli.Tests;

public sealed class BenchTests
{
    [Fact]
    public async Task Kernels_are_set_against_the_machines_roof()
    {
        var run = await CapvecProcess.RunAsync("bench", "kernels", "--shapes", "96x64", "--tokens", "1", "7", "--formats", "BFloat16", "--threads", "1", "--json");
        run.ExitCode.ShouldBe(0, run.Error);
        var roof = run.Json.GetProperty("roof");
        roof.GetProperty("read_bytes_per_second").GetDouble().ShouldBeGreaterThan(1e8);
        roof.GetProperty("float_macs_per_second").GetDouble().ShouldBeGreaterThan(1e8);
        var rates = run.Json.GetProperty("rates").EnumerateArray().ToArray();
        rates.Select(rate => rate.GetProperty("tokens").GetInt32()).ShouldBe([1, 7]);
        foreach (var rate in rates)
        {
            var seconds = rate.GetProperty("seconds").GetDouble();
            rate.GetProperty("bytes_per_second").GetDouble().ShouldBe(96 * 64 * 2 / seconds, tolerance: 1);
            rate.GetProperty("macs_per_second").GetDouble().ShouldBe(96.0 * 64 * rate.GetProperty("tokens").GetInt32() / seconds, tolerance: 1);
        }
    }

    [Fact]
    public async Task Every_format_of_weights_is_timed_with_integers_and_exactly()
    {
        foreach (var (activations, name) in new (string[], string)[] { ([], "Int16"), (["--exact"], "Float32"), (["--int8"], "Int8") })
        {
            var run = await CapvecProcess.RunAsync(["bench", "kernels", "--shapes", "64x256", "--tokens", "2", "--threads", "1", "--json", .. activations]);
            run.ExitCode.ShouldBe(0, run.Error);
            run.Json.GetProperty("activations").GetString().ShouldBe(name);
            run.Json.GetProperty("rates").EnumerateArray().Select(rate => rate.GetProperty("format").GetString()).ShouldBe(Enum.GetNames<Capvec.Numerics.Kernels.WeightFormat>());
        }
    }

    [Fact]
    public async Task The_engine_is_timed_over_contexts_captures_and_batches()
    {
        var run = await CapvecProcess.RunAsync(
            "bench", "engine", "--model", "models/phantom/checkpoint", "--contexts", "32", "--batches", "1", "3", "--tokens", "4", "--runs", "1", "--threads", "1", "--json");
        run.ExitCode.ShouldBe(0, run.Error);
        var rates = run.Json.GetProperty("rates").EnumerateArray().ToArray();
        static string Row(JsonElement rate) =>
            $"{rate.GetProperty("work")} {rate.GetProperty("context")} {rate.GetProperty("sequences")} {rate.GetProperty("captured_layers")} {rate.GetProperty("steered")}";
        rates.Select(Row).ShouldBe([
            "prefill 32 1 0 False", "prefill 32 1 1 False", "prefill 32 1 12 False", "decode 16 1 0 False", "decode 16 1 0 True", "decode 16 3 0 False", "decode 16 3 0 True", "decode 32 1 0 False",
        ]);
        rates.ShouldAllBe(rate => rate.GetProperty("tokens_per_second").GetDouble() > 0);
    }

    [Fact]
    public async Task A_made_model_is_a_model()
    {
        using var folder = new TemporaryFolder();
        var made = await CapvecProcess.RunAsync("bench", "make-model", "--shape", "tiny", "--out", folder.File("m"), "--json");
        made.ExitCode.ShouldBe(0, made.Error);
        var run = await CapvecProcess.RunAsync("forward", "--model", folder.File("m"), "--ids", "1 2", "--out", folder.File("f.safetensors"), "--json");
        run.ExitCode.ShouldBe(0, run.Error);
        run.Json.GetProperty("vocabulary").GetInt32().ShouldBe(512);
    }

    [Fact]
    public async Task Ctrl_c_stops_a_benchmark_between_two_steps_not_after_its_last_row()
    {
        using var process = CapvecProcess.Start("bench", "engine", "--model", "models/phantom/checkpoint", "--contexts", "2000", "--batches", "1", "--runs", "1000", "--threads", "1");
        try
        {
            string? line;
            do
                line = await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
            while (line is not null && !line.Contains("context", StringComparison.Ordinal));
            line.ShouldNotBeNull(customMessage: "it ended before the table began");
            Interrupt.Send(process);
            var rest = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            var error = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            process.ExitCode.ShouldBe(130, error);
            rest.ShouldNotContain("prefill");
            error.TrimEnd().Split('\n')[^1].ShouldBe("capvec: stopped");
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }

    [Theory]
    [InlineData("bench", "Required command")]
    [InlineData("bench make-model --shape 5B --out x", "5B")]
    [InlineData("bench make-model --shape tiny --format q8_0 --out x", "--out x: a folder holds bf16 weights; name a .gguf file for q8_0.")]
    [InlineData("bench kernels --shapes 3584", "--shapes 3584: ROWSxCOLUMNS was expected")]
    [InlineData("bench kernels --shapes 32x96 --formats Q4_K", "--shapes 32x96: Q4_K needs a multiple of 256 columns")]
    [InlineData("bench kernels --tokens 0", "--tokens")]
    [InlineData("bench engine --model /no/where", "--model /no/where: there is no such folder or file")]
    [InlineData("bench make-model --shape tiny --format f17 --out /tmp/capvec-none.gguf", "--format: Argument 'f17' not recognized. Must be one of: 'f32' 'bf16' 'f16' 'q8_0' 'q4_0' 'q4_K';")]
    [InlineData("bench engine --model models/phantom/checkpoint --contexts 1000000", "--contexts")]
    [InlineData("bench engine --model models/phantom/checkpoint --batches 1000", "--batches: numbers from 1 to 64")]
    public async Task Wrong_usage_is_one_line(string line, string expected)
    {
        var run = await CapvecProcess.RunAsync(line.Split(' '));
        run.ExitCode.ShouldBe(2);
        run.ErrorLines.Length.ShouldBe(1);
        run.Error.ShouldContain(expected);
    }
}
