using System.Text.Json;
using Capvec.Formats.Safetensors;
using Capvec.Tests;

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
    public async Task Tools_thoughts_and_calls_of_messages_are_rendered_as_the_reference_renders_them()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.File("m"));
        File.Copy(Repository.Shared("goldens", "formats", "templates", "qwen35.jinja"), folder.File("m", "chat_template.jinja"));
        string[] cases = ["tools_user/think_off", "tool_call", "agent_loop/think_on", "reasoning_last/no_prompt", "missing_content", "parts", "call_string_args", "no_messages"];
        var rows = File.ReadLines(Repository.Shared("goldens", "formats", "templates", "chat.jsonl")).Select(line => JsonElement.Parse(line))
            .Where(row => row.GetProperty("template").GetString() == "qwen35" && cases.Contains(row.GetProperty("case").GetString())).ToList();
        rows.Count.ShouldBe(cases.Length);
        foreach (var row in rows)
        {
            await File.WriteAllTextAsync(folder.File("messages.json"), row.GetProperty("messages").GetRawText(), TestContext.Current.CancellationToken);
            await File.WriteAllTextAsync(folder.File("tools.json"), row.GetProperty("tools").GetRawText(), TestContext.Current.CancellationToken);
            await File.WriteAllTextAsync(folder.File("both.json"), $$"""{"messages": {{row.GetProperty("messages").GetRawText()}}, "tools": {{row.GetProperty("tools").GetRawText()}}}""", TestContext.Current.CancellationToken);
            var kwargs = row.GetProperty("kwargs");
            List<string> more = kwargs.GetProperty("add_generation_prompt").GetBoolean() ? [] : ["--no-generation-prompt"];
            if (kwargs.TryGetProperty("enable_thinking", out var thinking))
                more.AddRange(["--set", $"enable_thinking={thinking.GetRawText()}"]);
            List<string[]> ways = [["--messages", folder.File("both.json")]];
            ways.Add(row.GetProperty("tools").ValueKind == JsonValueKind.Null ? ["--messages", folder.File("messages.json")] : ["--messages", folder.File("messages.json"), "--tools", folder.File("tools.json")]);
            foreach (var way in ways)
            {
                var run = await CapvecProcess.RunAsync(["render", "--model", folder.File("m"), .. way, .. more]);
                run.Output.ShouldBe(row.TryGetProperty("text", out var text) ? text.GetString() : "", row.GetProperty("case").GetString());
                run.ExitCode.ShouldBe(row.TryGetProperty("error", out _) ? 1 : 0, run.Error);
            }
        }
    }

    [Theory]
    [InlineData("[1]", "messages: a list of objects was expected")]
    [InlineData("""[{"content": "a"}]""", "message 1 has no role")]
    [InlineData("""[{"role": "user", "content": 3}]""", "message 1: content is Number; expected a text")]
    [InlineData("""{"tools": []}""", "messages is missing")]
    [InlineData("""{"messages": [], "model": "x"}""", "model is not known; messages and tools were expected")]
    [InlineData("""{"messages": [], "tools": 1}""", "tools: a list of objects was expected")]
    [InlineData("""[{"role": "user", "content": "a", "content": "b"}]""", "line 1: not valid JSON, or a key stands twice")]
    public async Task Messages_of_another_form_are_refused(string json, string says)
    {
        var run = await CapvecProcess.RunAsync(["render", "--model", Model, "--messages", "-"], input: json);
        run.ExitCode.ShouldBe(2);
        run.Output.ShouldBeEmpty();
        run.ErrorLines.ShouldHaveSingleItem().ShouldStartWith("capvec: --messages -");
        run.Error.ShouldContain(says);
    }

    [Fact]
    public async Task A_split_model_does_all_that_its_one_file_does()
    {
        using var folder = new TemporaryFolder();
        var whole = folder.File("whole.gguf");
        (await CapvecProcess.RunAsync("convert", "--model", Model, "--format", "q8_0", "--out", whole)).ExitCode.ShouldBe(0);
        var first = SplitGguf.Write(whole, folder.File("part"), 3);
        foreach (string[] command in (string[][])[["tokenize", "--text", "List the files.<|im_end|>"], ["render", "--prompt", "Hello"]])
            (await CapvecProcess.RunAsync([.. command, "--model", first])).Output.ShouldBe((await CapvecProcess.RunAsync([.. command, "--model", whole])).Output);
        foreach (var (model, name) in new[] { (whole, "a"), (first, "b") })
            (await CapvecProcess.RunAsync("forward", "--model", model, "--ids", "1 300 301 17", "--out", folder.File(name))).ExitCode.ShouldBe(0);
        using (var a = SafetensorsFile.Open(folder.File("a")))
        using (var b = SafetensorsFile.Open(folder.File("b")))
        {
            foreach (var name in a.Tensors.Keys)
                b.ReadFloat32(name).ShouldBe(a.ReadFloat32(name), name);
        }

        var inspected = await CapvecProcess.RunAsync("inspect", first, "--json");
        inspected.Json.GetProperty("files").GetInt32().ShouldBe(3);
        inspected.Json.GetProperty("parameters").GetInt64().ShouldBe((await CapvecProcess.RunAsync("inspect", whole, "--json")).Json.GetProperty("parameters").GetInt64());
        File.Delete(folder.File("part-00002-of-00003.gguf"));
        var missing = await CapvecProcess.RunAsync("forward", "--model", first, "--ids", "1", "--out", folder.File("c"));
        missing.ExitCode.ShouldBe(1);
        missing.ErrorLines.ShouldHaveSingleItem().ShouldContain("part-00002-of-00003.gguf is missing");
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
