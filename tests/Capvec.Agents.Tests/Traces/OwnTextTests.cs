using Capvec.Agents.Traces;
using Capvec.Formats.Errors;
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

    private static List<string> Own(Func<IReadOnlyList<ChatMessage>, string> template, params (string Role, string Content)[] messages)
    {
        var (text, own) = OwnText.Find([.. messages.Select(m => new ChatMessage(m.Role, m.Content))], template, ["<|endoftext|>", "<|im_end|>"]);
        return [.. own.Select(r => text[r])];
    }

    private static string ChatMl(IReadOnlyList<ChatMessage> messages) => string.Concat(messages.Select(m => $"<|im_start|>{m.Role}\n{m.Content}<|im_end|>\n"));
}
