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
}
