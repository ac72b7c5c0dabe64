using System.Text.Json;

namespace Capvec.Cli.Tests;

public sealed class TextCommandTests
{
    private const string Model = "models/phantom/checkpoint";

    [Fact]
    public async Task Tokenize_prints_ids_for_people_and_for_programs()
    {
        var people = await CapvecProcess.RunAsync("tokenize", "--model", Model, "--text", "List the files.<|im_end|>");
        people.ExitCode.ShouldBe(0);
        var program = await CapvecProcess.RunAsync(["tokenize", "--model", Model, "--text", "-", "--json"], input: "List the files.<|im_end|>");
        var ids = program.Json.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32()).ToArray();
        people.Output.ShouldBe(string.Join(' ', ids) + "\n");
        ids[^1].ShouldBe(2);
        program.Json.GetProperty("ok").GetBoolean().ShouldBeTrue();
    }

    [Fact]
    public async Task Plain_text_keeps_added_tokens_as_text()
    {
        var run = await CapvecProcess.RunAsync("tokenize", "--model", Model, "--text", "<|im_end|>", "--plain", "--json");
        run.Json.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32()).ShouldNotContain(2);
    }

    [Fact]
    public async Task Render_prints_exactly_what_the_template_writes()
    {
        var run = await CapvecProcess.RunAsync("render", "--model", Model, "--prompt", "Hello");
        run.ExitCode.ShouldBe(0, run.Error);
        var messages = JsonSerializer.Serialize(new[] { new { role = "user", content = "Hello" } });
        var fromFile = await CapvecProcess.RunAsync(["render", "--model", Model, "--messages", "-", "--json"], input: messages);
        fromFile.Json.GetProperty("text").GetString().ShouldBe(run.Output);
        run.Output.ShouldContain("<|im_start|>user\nHello<|im_end|>");
        run.Output.ShouldEndWith("<|im_start|>assistant\n");
        var closed = await CapvecProcess.RunAsync("render", "--model", Model, "--prompt", "Hello", "--no-generation-prompt");
        run.Output.ShouldBe(closed.Output + "<|im_start|>assistant\n");
    }

    [Fact]
    public async Task Texts_of_a_file_are_tokenized_line_by_line()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("texts.jsonl");
        await File.WriteAllTextAsync(path, "\"List the files.\"\n\n{\"text\": \"List\\nfiles\"}\n", TestContext.Current.CancellationToken);
        var run = await CapvecProcess.RunAsync("tokenize", "--model", Model, "--texts", path);
        var lines = run.Output.TrimEnd('\n').Split('\n');
        lines.Length.ShouldBe(2, run.Error);
        lines[0].ShouldBe((await CapvecProcess.RunAsync("tokenize", "--model", Model, "--text", "List the files.")).Output.TrimEnd('\n'));
        lines[1].ShouldBe((await CapvecProcess.RunAsync("tokenize", "--model", Model, "--text", "List\nfiles")).Output.TrimEnd('\n'));

        await File.WriteAllTextAsync(path, "\"a\"\n[1]\n", TestContext.Current.CancellationToken);
        var wrong = await CapvecProcess.RunAsync("tokenize", "--model", Model, "--texts", path);
        wrong.ExitCode.ShouldBe(2);
        wrong.Error.ShouldContain("texts.jsonl line 2: a JSON string, or an object whose field text is one");
    }

    [Fact]
    public async Task A_converted_model_tokenizes_and_renders_as_its_folder_does()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("phantom.gguf");
        var convert = await CapvecProcess.RunAsync("convert", "--model", Model, "--format", "q8_0", "--out", path, "--json");
        convert.ExitCode.ShouldBe(0, convert.Error);
        convert.Json.GetProperty("bytes").GetInt64().ShouldBe(new FileInfo(path).Length);
        foreach (string[] command in (string[][])[["tokenize", "--text", "List the files.<|im_end|>"], ["render", "--prompt", "Hello"]])
        {
            var expected = await CapvecProcess.RunAsync([.. command, "--model", Model]);
            var actual = await CapvecProcess.RunAsync([.. command, "--model", path]);
            actual.ExitCode.ShouldBe(0, actual.Error);
            actual.Output.ShouldBe(expected.Output);
        }
    }

    [Fact]
    public async Task The_speed_of_a_tokenizer_is_measured()
    {
        var run = await CapvecProcess.RunAsync("bench", "text", "--model", Model, "--file", "README.md", "--json");
        run.ExitCode.ShouldBe(0, run.Error);
        run.Json.GetProperty("encode_mb_s").GetDouble().ShouldBeGreaterThan(0);
        run.Json.GetProperty("tokens").GetInt32().ShouldBeGreaterThan(100);
    }
}
