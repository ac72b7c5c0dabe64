using System.Diagnostics;
using Capvec.Engine.Benchmarks.RandomModels;
using Capvec.Peer.Comparison;
using Capvec.Steering.Controls;
using Capvec.Steering.Directions;
using Capvec.Steering.Exchange;
using Capvec.Tests;

namespace Capvec.Bench.Tests;

/// <summary>With llama.cpp's real library where bench/peer has installed it.</summary>
public sealed class PeerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("capvec-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("f32", 0)]
    [InlineData("f32", 2)]
    [InlineData("bf16", 0)]
    [InlineData("q8_0", 0)]
    [InlineData("q4_K", 0)]
    public async Task Llama_cpp_loads_our_files_and_computes_the_same_model(string format, int alpha)
    {
        var file = Write(format);
        var (status, output) = await Peer("compare", "--model", file, "--tokens", "12", "--layer", "3", "--alpha", $"{alpha}");
        output.ShouldContain("agrees: ");
        status.ShouldBe(0);
    }

    [Fact]
    public async Task A_control_vector_of_ours_does_the_same_in_llama_cpp_and_a_shift_by_a_block_would_show()
    {
        var file = Write("f32");
        var shape = RandomShape.Named("tiny");
        var set = new DirectionSet(
            Enumerable.Range(1, shape.Layers - 1).Select(l => new Direction(l, RandomDirection.Unit(shape.Hidden, (ulong)l)) { Scale = 1 + (0.5 * l) }), DirectionProvenance.Unknown);
        var vectors = Path.Combine(_folder, "v.gguf");
        DirectionWriter.Write(set, vectors, VectorForm.Gguf).ShouldBeEmpty();
        string[] compare = ["compare", "--model", file, "--tokens", "12", "--vectors", vectors, "--alpha", "2"];
        var (status, output) = await Peer(compare);
        output.ShouldContain("agrees: ");
        status.ShouldBe(0);
        (status, output) = await Peer([.. compare, "--layers-are", "hidden_states"]);
        output.ShouldContain("does not agree");
        status.ShouldBe(1);
    }

    [Fact]
    public async Task A_control_vector_that_llama_cpp_would_refuse_is_one_line()
    {
        var (status, output) = await Peer("compare", "--model", Write("f32"), "--alpha", "1", "--vectors", Repository.File("tests", "fixtures", "gguf", "cvec", "repeng.gguf"));
        output.ShouldContain("llama.cpp refuses files with the tensor 'direction.5'");
        status.ShouldBe(1);
    }

    [Fact]
    public async Task Another_model_does_not_agree()
    {
        var file = Write("f32");
        var other = Path.Combine(_folder, "other.gguf");
        RandomModelGguf.Write(RandomShape.Named("tiny") with { Layers = 4 }, "f32", other);
        var (status, output) = await Peer("compare", "--model", file, "--ours", other, "--tokens", "4");
        output.ShouldContain("does not agree");
        status.ShouldBe(1);
    }

    [Fact]
    public async Task A_file_that_llama_cpp_refuses_is_one_line()
    {
        var file = Path.Combine(_folder, "no.gguf");
        await File.WriteAllTextAsync(file, "no model", TestContext.Current.CancellationToken);
        var (status, output) = await Peer("compare", "--model", file);
        output.ShouldContain($"peer: {file}: llama.cpp cannot load this file");
        status.ShouldBe(1);
    }

    [Fact]
    public async Task Both_sides_get_the_same_seeds_in_turn_and_the_first_run_does_not_count()
    {
        var order = new List<string>();
        Task<double> Side(string name, int seed, double seconds)
        {
            order.Add($"{name}{seed}");
            return Task.FromResult(seed == 10 ? 1000 : seconds);
        }

        var times = await ComparedTimes.MeasureAsync(new ComparedWork("work", 0, seed => Side("a", seed, 2), seed => Side("b", seed, seed), Runs: 3), firstSeed: 10);
        order.ShouldBe(["a10", "b10", "b11", "a11", "a12", "b12", "b13", "a13"]);
        (times.First, times.Second, times.Ratio, times.Lowest, times.Highest).ShouldBe((2, 12, 6, 5.5, 6.5));

        order.Clear();
        (await ComparedTimes.MeasureAsync(new ComparedWork("work", 0, seed => Side("a", seed, 2), seed => Side("b", seed, seed), Runs: 1), firstSeed: 20, cold: true)).Ratio.ShouldBe(10.5);
        order.ShouldBe(["b21", "a21"]);
    }

    private string Write(string format)
    {
        var file = Path.Combine(_folder, $"{format}.gguf");
        RandomModelGguf.Write(RandomShape.Named("tiny"), format, file);
        return file;
    }

    private static async Task<(int Status, string Output)> Peer(params string[] args)
    {
        var library = Repository.File("artifacts", "peer", "node_modules", "@node-llama-cpp", "linux-x64", "bins", "linux-x64");
        if (!Directory.Exists(library))
            Assert.Skip("llama.cpp's library is not installed; run bench/peer once");
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "Capvec.Peer")) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var arg in args.Concat(["--library", library, "--threads", "1"]))
            start.ArgumentList.Add(arg);
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, output + await error);
    }
}
