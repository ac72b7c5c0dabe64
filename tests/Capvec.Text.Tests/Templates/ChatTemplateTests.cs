using System.Text.Json;
using Capvec.Formats.Errors;
using Capvec.Text.Templates;

namespace Capvec.Text.Tests.Templates;

public class ChatTemplateTests
{
    private static readonly ChatMessage[] Hello = [new("user", "Hello!")];

    [Fact]
    public void The_phantom_s_folder_has_a_template() =>
        ChatTemplate.Load(Fixture.PhantomFolder).Render(Hello, addGenerationPrompt: true).ShouldBe("<|im_start|>user\nHello!<|im_end|>\n<|im_start|>assistant\n");

    [Fact]
    public void Messages_as_objects_and_as_json_render_the_same()
    {
        var template = ChatTemplate.Parse("{% for m in messages %}{{ m|tojson }}\n{% endfor %}{{ tools|tojson }}{{ documents }}", "test");
        ChatMessage[] messages =
        [
            new("assistant", "I look.") { Reasoning = "r", ToolCalls = [new ToolCall("run", JsonElement.Parse("{\"cmd\": \"ls\"}"), "c1")] },
            new("tool", "a.txt") { ToolCallId = "c1", Name = "run" },
        ];
        var json = JsonElement.Parse("""
            [{"role": "assistant", "content": "I look.", "reasoning_content": "r", "tool_calls": [{"type": "function", "function": {"name": "run", "arguments": {"cmd": "ls"}}, "id": "c1"}]},
             {"role": "tool", "content": "a.txt", "tool_call_id": "c1", "name": "run"}]
            """);
        var rendered = template.Render(messages, addGenerationPrompt: false);
        rendered.ShouldBe(template.Render(json, addGenerationPrompt: false));
        rendered.ShouldContain("\"arguments\": {\"cmd\": \"ls\"}");
        rendered.ShouldEndWith("nullNone");
    }

    [Theory]
    [InlineData("{\"role\": \"assistant\", \"content\": \"\", \"reasoning\": \"r\"}", "r")]
    [InlineData("{\"role\": \"assistant\", \"content\": \"\", \"thinking\": \"t\"}", "t")]
    [InlineData("{\"role\": \"assistant\", \"content\": \"\", \"reasoning_content\": \"c\", \"thinking\": \"t\"}", "c")]
    public void Reasoning_by_any_of_its_names_is_found(string message, string expected) =>
        ChatTemplate.Parse("{{ messages[0].reasoning_content }}", "test").Render(JsonElement.Parse($"[{message}]"), addGenerationPrompt: false).ShouldBe(expected);

    [Fact]
    public void Special_tokens_of_tokenizer_config_json_are_variables_that_a_caller_can_override()
    {
        using var folder = new TemporaryFolder();
        folder.Write("tokenizer_config.json", "{\"chat_template\": \"{{ bos_token }}{{ eos_token }}{{ pad_token }}{{ unk_token is defined }}\", \"bos_token\": \"<s>\", \"eos_token\": {\"content\": \"</s>\"}, \"pad_token\": null}");
        var template = ChatTemplate.Load(folder.Path);
        template.Render(Hello, addGenerationPrompt: false).ShouldBe("<s></s>False");
        template.Render(Hello, addGenerationPrompt: false, new Dictionary<string, object?> { ["bos_token"] = "B" }).ShouldBe("B</s>False");
    }

    [Fact]
    public void The_file_comes_before_the_config_and_of_named_templates_the_default_is_taken()
    {
        using var folder = new TemporaryFolder();
        folder.Write("tokenizer_config.json", "{\"chat_template\": [{\"name\": \"tool_use\", \"template\": \"tools\"}, {\"name\": \"default\", \"template\": \"plain\"}]}");
        ChatTemplate.Load(folder.Path).Render(Hello, addGenerationPrompt: false).ShouldBe("plain");
        folder.Write("chat_template.jinja", "file");
        ChatTemplate.Load(folder.Path).Render(Hello, addGenerationPrompt: false).ShouldBe("file");
    }

    [Theory]
    [InlineData("{}", "has no chat template")]
    [InlineData("{\"chat_template\": null}", "has no chat template")]
    [InlineData("{\"chat_template\": 3}", "chat_template has 3 where a list was expected")]
    [InlineData("{\"chat_template\": [{\"name\": \"rag\", \"template\": \"x\"}]}", "has the templates rag, but none called default")]
    [InlineData("{\"chat_template\": \"{% if %}\"}", "line 1: this is no template that can be read: %} stands where a value was expected")]
    [InlineData("{\"chat_template\": \"a\\n{% for m in messages %}\"}", "line 2: this is no template that can be read: {% for %} is never closed by {% endfor %}")]
    [InlineData("{\"chat_template\": \"a\\n\\n{% include 'x' %}\"}", "line 3: this is no template that can be read: the tag {% include %} is not supported")]
    [InlineData("{\"chat_template\": \"{% break %}\"}", "{% break %} stands outside of a loop")]
    [InlineData("{\"chat_template\": \"{{ (1] }}\"}", "']' closes nothing")]
    [InlineData("{\"chat_template\": \"{{ 'a }}\"}", "a string is never closed")]
    [InlineData("{\"chat_template\": \"x", "is not valid JSON")]
    public void A_folder_without_a_readable_template_is_an_error_that_says_so(string config, string expected)
    {
        using var folder = new TemporaryFolder();
        folder.Write("tokenizer_config.json", config);
        Should.Throw<CapvecException>(() => ChatTemplate.Load(folder.Path)).Message.ShouldContain(expected);
    }

    [Theory]
    [InlineData("{{ raise_exception('No messages.') }}", "my.jinja refuses this conversation: No messages.")]
    [InlineData("\n\n{{ messages[0].nothing.more }}", "my.jinja, line 3: the template failed: 'nothing' of a dict is undefined")]
    [InlineData("{% for m in messages %}\n{{ m.content + 1 }}{% endfor %}", "my.jinja, line 2: the template failed: + does not work on a str and a int")]
    [InlineData("{{ messages.append(1) }}", "my.jinja, line 1: the template failed: 'append' of a list is undefined")]
    [InlineData("{{ 1|nothing }}", "my.jinja, line 1: the template failed: the filter 'nothing' is not known here")]
    [InlineData("{{ 1 / 0 }}", "my.jinja, line 1: the template failed: division by zero")]
    public void What_fails_in_a_template_is_told_with_its_line(string source, string expected) =>
        Should.Throw<CapvecException>(() => ChatTemplate.Parse(source, "my.jinja").Render(Hello, addGenerationPrompt: true)).Message.ShouldBe(expected);

    [Theory]
    [InlineData("{}", "messages are Object")]
    [InlineData("[1]", "a message is Number")]
    [InlineData("[{\"role\": \"user\", \"content\": \"\\ud800\"}]", "not well-formed Unicode")]
    [InlineData("[{\"\\ud800\": 1}]", "not well-formed Unicode")]
    public void Messages_that_are_none_are_refused(string messages, string expected) =>
        Should.Throw<CapvecException>(() => ChatTemplate.Parse("x", "test").Render(JsonElement.Parse(messages), addGenerationPrompt: true)).Message.ShouldContain(expected);

    [Fact]
    public void The_date_comes_from_the_clock_that_is_given()
    {
        var template = ChatTemplate.Parse("{{ strftime_now('%d %b %Y, %A %-d %B %y %H:%M:%S %p %I %j %U %W %V %e %%') }}", "test", time: new FixedClock(new DateTimeOffset(2026, 8, 1, 13, 4, 5, TimeSpan.Zero)));
        template.Render(Hello, addGenerationPrompt: false).ShouldBe("01 Aug 2026, Saturday 1 August 26 13:04:05 PM 01 213 30 30 31  1 %");
    }

    private sealed class FixedClock(DateTimeOffset now) : TimeProvider
    {
        public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

        public override DateTimeOffset GetUtcNow() => now;
    }
}
