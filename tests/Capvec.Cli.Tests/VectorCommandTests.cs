using Capvec.Formats.Safetensors;

namespace Capvec.Cli.Tests;

/// <summary>capvec vectors and bake, and files of other tools under --vector.</summary>
public sealed class VectorCommandTests
{
    private const string Model = "models/phantom/checkpoint";
    private const string Dict = "tests/fixtures/exchange/dir.pt";

    [Fact]
    public async Task A_foreign_dict_is_refused_until_the_user_says_what_it_counts_and_then_written_down_for_good()
    {
        using var folder = new TemporaryFolder();
        var refused = await CapvecProcess.RunAsync("vectors", "convert", Dict, folder.File("dir.safetensors"), "--json");
        refused.ExitCode.ShouldBe(2);
        refused.ErrorLines.ShouldHaveSingleItem().ShouldContain("--layers-are hidden_states: N indexes transformers' hidden_states");
        var run = await CapvecProcess.RunAsync("vectors", "convert", Dict, folder.File("dir.safetensors"), "--layers-are", "hidden_states", "--json");
        run.ExitCode.ShouldBe(0, run.Error);
        run.Json.GetProperty("layers").EnumerateArray().Select(l => l.GetInt32()).ShouldBe([0, 1, 2]);
        run.Json.GetProperty("read_as").GetString().ShouldBe("torch dict by layer");
        run.Error.ShouldContain("the vector of the embeddings is left out");
        var shown = await CapvecProcess.RunAsync("vectors", "show", folder.File("dir.safetensors"), "--json");
        shown.Json.GetProperty("directions_hash").GetString().ShouldBe(run.Json.GetProperty("directions_hash").GetString());
    }

    [Fact]
    public async Task Every_form_gives_the_same_directions_back()
    {
        using var folder = new TemporaryFolder();
        var hashes = new List<string?>();
        foreach (var (name, form) in new[] { ("a.safetensors", "safetensors"), ("b.pt", "dict"), ("c.gguf", "gguf"), ("d.gguf", "glp") })
        {
            var run = await CapvecProcess.RunAsync("vectors", "convert", "tests/fixtures/gguf/cvec/repeng.gguf", folder.File(name), "--form", form, "--json");
            run.ExitCode.ShouldBe(0, run.Error);
            hashes.Add((await CapvecProcess.RunAsync("vectors", "show", folder.File(name), "--json")).Json.GetProperty("directions_hash").GetString());
        }

        hashes.Distinct().ShouldHaveSingleItem();
        var some = await CapvecProcess.RunAsync("vectors", "convert", "tests/fixtures/gguf/cvec/repeng.gguf", folder.File("e.gguf"), "--layers", "2,4", "--json");
        some.Json.GetProperty("layers").EnumerateArray().Select(l => l.GetInt32()).ShouldBe([2, 4]);
        (await CapvecProcess.RunAsync("vectors", "convert", Dict, folder.File("x.txt"), "--layers-are", "resid_post")).Error.ShouldContain("its ending says no form");
    }

    [Fact]
    public async Task Directions_for_ablation_are_not_added_by_a_command()
    {
        using var folder = new TemporaryFolder();
        Axes(folder, _ => 9);
        (await CapvecProcess.RunAsync("vectors", "convert", folder.File("v.safetensors"), folder.File("out.gguf"), "--use", "ablate", "--form", "glp")).ExitCode.ShouldBe(0);
        string[] forward = ["forward", "--model", Model, "--ids", "1 300", "--out", folder.File("f"), "--vector", folder.File("out.gguf"), "--layer", "5"];
        var added = await CapvecProcess.RunAsync([.. forward, "--alpha", "1"]);
        added.ExitCode.ShouldBe(2);
        added.Error.ShouldContain("meant to be taken out");
        (await CapvecProcess.RunAsync([.. forward, "--operation", "ablate"])).ExitCode.ShouldBe(0);
    }

    [Theory]
    [InlineData("baked")]
    [InlineData("baked.gguf")]
    public async Task A_baked_model_has_nothing_along_its_directions_and_a_card(string name)
    {
        using var folder = new TemporaryFolder();
        Axes(folder, layer => layer + 4);
        string[] bake = ["bake", "--model", Model, "--vectors", folder.File("v.safetensors"), "--layers", "5,6", "--format", "f32", "--out", folder.File(name), "--json"];
        var run = await CapvecProcess.RunAsync(bake);
        run.ExitCode.ShouldBe(0, run.Error);
        run.Json.GetProperty("edited").GetInt32().ShouldBe(25);
        var card = File.ReadAllText(run.Json.GetProperty("card").GetString()!);
        card.ShouldContain("blocks 5-6 (2 dimensions)");
        card.ShouldContain(run.Json.GetProperty("model_hash").GetString()!);
        var forward = await CapvecProcess.RunAsync("forward", "--model", folder.File(name), "--ids", "1 300 301", "--out", folder.File("f"));
        forward.ExitCode.ShouldBe(0, forward.Error);
        using var file = SafetensorsFile.Open(folder.File("f"));
        // Along an axis nothing is left but zeros: every weight that could write there is 0 in any number format.
        file.ReadFloat32("resid_post.11").Where((_, i) => i % 256 is 9 or 10).ShouldAllBe(x => x == 0);
        if (!name.EndsWith(".gguf", StringComparison.Ordinal))
            (await CapvecProcess.RunAsync(bake)).Error.ShouldContain("holds files already");
        Directory.EnumerateFileSystemEntries(folder.Path, ".*").ShouldBeEmpty();
    }

    [Fact]
    public async Task Baked_weights_and_ablation_at_run_time_give_the_same_trials()
    {
        Sandbox.Need();
        using var folder = new TemporaryFolder();
        // Along axes, rounding of weights leaves nothing: the two have to agree to the last token.
        Axes(folder, layer => 20 * layer);
        string[] bake = ["bake", "--model", Model, "--vectors", folder.File("v.safetensors"), "--layers", "3-5", "--out", folder.File("baked"), "--json"];
        (await CapvecProcess.RunAsync(bake)).ExitCode.ShouldBe(0);
        var vectors = from layer in new[] { 3, 4, 5 }
                      from site in new[] { "embedding", "mixer_output", "mlp_output" }
                      select $$"""{"source": "v.safetensors", "operation": "ablate", "layers": {{(site == "embedding" ? "[0]" : "\"all\"")}}, "direction_layer": {{layer}}, "site": "{{site}}"}""";
        await File.WriteAllTextAsync(folder.File("ablate.json"), $$"""{"vectors": [{{string.Join(", ", vectors)}}]}""", TestContext.Current.CancellationToken);
        foreach (var (arm, model, steering) in new[] { ("base", Model, false), ("run time", Model, true), ("baked", folder.File("baked"), false) })
        {
            string[] collect = ["collect", "--model", model, "--tasks", "tasks/sprint", "--attempts", "2", "--seed", "3", "--arm", arm, "--out", folder.File("traces"), .. steering ? new[] { "--steering", folder.File("ablate.json") } : []];
            var run = await CapvecProcess.RunAsync(collect);
            run.ExitCode.ShouldBe(0, run.Error);
        }

        var compared = await CapvecProcess.RunAsync("compare", "--traces", folder.File("traces"), "--base", "run time", "--json");
        compared.ExitCode.ShouldBe(0, compared.Error);
        var same = compared.Json.GetProperty("arms").EnumerateArray().Where(a => a.GetProperty("arm").GetString() != "run time").ToDictionary(a => a.GetProperty("arm").GetString()!, a => a.GetProperty("same_tokens").GetInt32());
        same["baked"].ShouldBe(12);
        same["base"].ShouldBeLessThan(12);
    }

    [Fact]
    public async Task What_cannot_be_baked_is_refused_by_name()
    {
        using var folder = new TemporaryFolder();
        Axes(folder, _ => 9);
        string[] bake = ["bake", "--model", Model, "--vectors", folder.File("v.safetensors"), "--layers", "5", "--out", folder.File("b")];
        var added = await CapvecProcess.RunAsync([.. bake, "--operation", "add"]);
        added.ExitCode.ShouldBe(2);
        added.Error.ShouldContain("Add cannot be baked into Qwen3.5: its mixers and MLPs write into the stream without a bias");
        (await CapvecProcess.RunAsync([.. bake[..^3], "12", "--out", folder.File("b")])).Error.ShouldContain("--layers 12: there are blocks 0 to 11");
        Directory.Exists(folder.File("b")).ShouldBeFalse();
    }

    // [12, 256]: for each layer the axis that it is given.
    private static void Axes(TemporaryFolder folder, Func<int, int> axis) => new SafetensorsWriter()
        .Add("axes", [12, 256], Enumerable.Range(0, 12 * 256).Select(i => i % 256 == axis(i / 256) ? 1f : 0).ToArray()).Write(folder.File("v.safetensors"));
}
