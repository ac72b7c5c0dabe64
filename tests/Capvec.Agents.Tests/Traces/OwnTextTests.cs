using Capvec.Agents.Traces;
using Capvec.Formats.Errors;
using Capvec.Tests;
using Capvec.Text.Templates;
using FsCheck;
using FsCheck.Fluent;

namespace Capvec.Agents.Tests.Traces;

public sealed class OwnTextTests
{
    [Fact]
    public void Each_reply_with_the_stop_token_that_closes_it_is_own()
    {
        Own(ChatMl, ("user", "u"), ("assistant", "a"), ("user", "v"), ("assistant", "b")).ShouldBe(["a<|im_end|>", "b<|im_end|>"]);
        Own(ChatMl, ("user", "u")).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("")]
    [InlineData("s")]
    [InlineData("user")]
    [InlineData("<|im_end|>")]
    [InlineData("<|im_start|>assistant\n")]
    [InlineData("\n")]
    [InlineData("\ue000\ue0001\ue000")]
    public void A_reply_is_not_mistaken_for_the_template_or_for_a_quotation_of_it(string reply) =>
        Own(ChatMl, ("user", $"say {reply}"), ("assistant", reply), ("user", reply), ("assistant", reply)).ShouldBe([reply + "<|im_end|>", reply + "<|im_end|>"]);

    [Fact]
    public void Whatever_is_said_only_the_replies_are_own() => Prop.ForAll<string[]>(texts =>
    {
        var messages = texts.Select((t, i) => new ChatMessage(i % 2 == 0 ? "user" : "assistant", t ?? "")).ToArray();
        var (text, own) = OwnText.Find(messages, ChatMl, ["<|im_end|>"]);
        return own.Select(r => text[r]).SequenceEqual(messages.Where(m => m.Role == "assistant").Select(m => m.Content + "<|im_end|>"));
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_template_may_trim_replies_and_leave_out_what_they_thought()
    {
        string Template(IReadOnlyList<ChatMessage> messages) => ChatMl([.. messages.Select(m => m with { Content = m.Content[(m.Content.LastIndexOf("</think>", StringComparison.Ordinal) is var at and >= 0 ? at + 8 : 0)..].Trim() })]);
        Own(Template, ("user", " u "), ("assistant", "one\nor two</think>\n\n{1}\n"), ("user", "v"), ("assistant", "  {2}")).ShouldBe(["{1}<|im_end|>", "{2}<|im_end|>"]);
    }

    [Theory]
    [InlineData("chatml", "let me see</think>\n\n{1}<|im_end|>", "<think>\nlet me see\n</think>\n\n{2}<|im_end|>", "{3}<|im_end|>")]
    [InlineData("qwen35", "{1}<|im_end|>", "{2}<|im_end|>", "{3}<|im_end|>")]
    [InlineData("qwen3", "{1}<|im_end|>", "{2}<|im_end|>", "{3}<|im_end|>")]
    [InlineData("qwq", "{1}<|im_end|>", "{2}<|im_end|>", "{3}<|im_end|>")]
    [InlineData("deepseek_r1_qwen", "\n\n{1}", "\n\n{2}", "{3}")]
    [InlineData("llama31", "let me see</think>\n\n{1}", "<think>\nlet me see\n</think>\n\n{2}", "{3}")]
    public void Earlier_replies_of_models_that_think_are_found_in_their_own_templates(string template, params string[] own) =>
        Own(Published(template, true), ("user", "u"), ("assistant", "let me see</think>\n\n{1}"), ("user", "v"), ("assistant", "<think>\nlet me see\n</think>\n\n{2}"), ("user", "w"), ("assistant", "{3}"), ("user", "x"))
            .ShouldBe(own);

    [Theory]
    [InlineData("chatml", "let me see</think>\n\n{2}", "let me see</think>\n\n{2}<|im_end|>")]
    [InlineData("qwen35", "let me see</think>\n\n{2}", "let me see\n</think>\n\n{2}<|im_end|>")]
    [InlineData("qwen35", "let me see\n</think>\n\n{2}", "let me see\n</think>\n\n{2}<|im_end|>")]
    [InlineData("qwen35", "<think>\nlet me see\n</think>\n\n{2}", "let me see\n</think>\n\n{2}<|im_end|>")]
    [InlineData("qwen35", "{2}", "{2}<|im_end|>")]
    [InlineData("qwen3", "let me see</think>\n\n{2}", "let me see\n</think>\n\n{2}<|im_end|>")]
    [InlineData("qwq", "let me see</think>\n\n{2}", "let me see</think>\n\n{2}<|im_end|>")]
    [InlineData("deepseek_r1_qwen", "let me see</think>\n\n{2}", "\n\n{2}")]
    public void What_the_last_reply_thought_is_own_where_the_template_shows_it(string template, string reply, string own) =>
        Own(Published(template, false), ("user", "u"), ("assistant", "{1}"), ("user", "v"), ("assistant", reply))[1].ShouldBe(own);

    [Fact]
    public void A_reply_that_the_template_leaves_out_is_passed_over()
    {
        string Template(IReadOnlyList<ChatMessage> messages) => ChatMl([.. messages.Where((m, i) => i != 1)]);
        Own(Template, ("user", "u"), ("assistant", "a"), ("user", "v"), ("assistant", "b")).ShouldBe(["b<|im_end|>"]);
    }

    [Fact]
    public void A_template_that_changes_replies_is_refused()
    {
        string Template(IReadOnlyList<ChatMessage> messages) => ChatMl([.. messages.Select(m => m with { Content = m.Content.ToUpperInvariant() })]);
        Should.Throw<CapvecException>(() => Own(Template, ("user", "u"), ("assistant", "a"))).Message.ShouldStartWith("the chat template writes message 2, a reply, otherwise");
    }

    private static Func<IReadOnlyList<ChatMessage>, string> Published(string name, bool addGenerationPrompt)
    {
        var file = Repository.Shared("goldens", "formats", "templates", name + ".jinja");
        var template = ChatTemplate.Parse(File.ReadAllText(file), file, new Dictionary<string, object?> { ["bos_token"] = "<s>", ["eos_token"] = "</s>" });
        return messages => template.Render(messages, addGenerationPrompt);
    }

    private static List<string> Own(Func<IReadOnlyList<ChatMessage>, string> template, params (string Role, string Content)[] messages)
    {
        var (text, own) = OwnText.Find([.. messages.Select(m => new ChatMessage(m.Role, m.Content))], template, ["<|endoftext|>", "<|im_end|>"]);
        return [.. own.Select(r => text[r])];
    }

    private static string ChatMl(IReadOnlyList<ChatMessage> messages) => string.Concat(messages.Select(m => $"<|im_start|>{m.Role}\n{m.Content}<|im_end|>\n"));
}
