using System.Text.Json;
using Capvec.Agents.Traces;
using Capvec.Tests;
using Capvec.Text.Templates;
using Capvec.Text.Tokenizers;
using FsCheck;
using FsCheck.Fluent;

namespace Capvec.Agents.Tests.Traces;

public sealed class ConversationEncoderTests
{
    private const int ImEnd = 2;

    private static readonly string Model = Repository.File("models", "phantom", "checkpoint");

    private readonly Tokenizer _tokenizer = Tokenizer.Load(Model);
    private readonly ConversationEncoder _encoder = new(Tokenizer.Load(Model), ChatTemplate.Load(Model), [ImEnd]);

    [Fact]
    public void Golden_episodes_have_the_reference_s_ids_and_own_tokens()
    {
        foreach (var episode in Episode.Goldens())
        {
            var encoded = _encoder.Encode(episode.Messages);
            encoded.Ids.ToArray().ShouldBe(episode.Ids, episode.Name);
            OwnOf(encoded).ShouldBe(episode.Own, episode.Name);
        }
    }

    [Fact]
    public void Golden_prompts_of_first_and_later_turns_have_the_reference_s_ids()
    {
        var count = 0;
        foreach (var line in File.ReadLines(Repository.Shared("phantom", "goldens", "goldens.jsonl")))
        {
            using var row = JsonDocument.Parse(line);
            if (row.RootElement.GetProperty("what").GetString() != "prompt")
                continue;
            var messages = row.RootElement.GetProperty("messages").EnumerateArray()
                .Select(m => new ChatMessage(m.GetProperty("role").GetString()!, m.GetProperty("content").GetString()!)).ToList();
            var encoded = _encoder.Encode(messages, addGenerationPrompt: true);
            encoded.Ids.ShouldBe(row.RootElement.GetProperty("ids").EnumerateArray().Select(i => i.GetInt32()));
            _tokenizer.Decode([.. OwnOf(encoded).Select(at => encoded.Ids[at])]).ShouldBe(OwnText(messages));
            count++;
        }

        count.ShouldBe(24);
    }

    [Fact]
    public void A_reply_that_runs_into_the_template_s_newline_shares_a_token_with_it_which_is_own()
    {
        foreach (var episode in Episode.Goldens())
        {
            // "assistant\n" and "\n{" meet in one token "\n\n": no cut of the text can fall there.
            var messages = episode.Messages.Select((m, i) => i == 1 ? m with { Content = "\n" + m.Content } : m).ToList();
            var encoded = _encoder.Encode(messages);
            _tokenizer.Decode([.. encoded.Ids]).ShouldBe(string.Concat(messages.Select(m => $"<|im_start|>{m.Role}\n{m.Content}<|im_end|>\n")));
            _tokenizer.Decode([.. OwnOf(encoded).Select(at => encoded.Ids[at])]).ShouldBe("\n" + OwnText(messages), episode.Name);
        }
    }

    [Theory]
    [InlineData("\né")]
    [InlineData("\n日本語 🎉")]
    [InlineData("\n🎉🎉")]
    [InlineData("\ne\u0301x")]
    public void Characters_of_several_tokens_and_composed_ones_are_own_to_their_last_token(string reply)
    {
        var encoded = _encoder.Encode([new("user", "é 日本"), new("assistant", reply), new("user", "e\u0301 🎉"), new("assistant", reply)]);
        var own = "\n" + reply.Normalize() + "<|im_end|>";
        _tokenizer.Decode([.. OwnOf(encoded).Select(at => encoded.Ids[at])]).ShouldBe(own + own);
    }

    [Fact]
    public void Whatever_is_said_the_own_tokens_are_the_replies() => Prop.ForAll<string[]>(texts =>
    {
        var messages = texts.Select((t, i) => new ChatMessage(i % 2 == 0 ? "user" : "assistant", string.Concat((t ?? "").Select(c => char.IsSurrogate(c) ? '\n' : c)))).ToList();
        var encoded = _encoder.Encode(messages);
        var own = _tokenizer.Decode([.. OwnOf(encoded).Select(at => encoded.Ids[at])]);
        var at = 0;
        foreach (var message in messages.Where(m => m.Role == "assistant"))
        {
            // A reply may share its first token with the newline before it.
            var reply = _tokenizer.Decode(_tokenizer.Encode(message.Content + "<|im_end|>"));
            var length = string.CompareOrdinal(own, at, reply, 0, reply.Length) == 0 ? reply.Length : string.CompareOrdinal(own, at, "\n" + reply, 0, reply.Length + 1) == 0 ? reply.Length + 1 : -1;
            if (length < 0)
                return false;
            at += length;
        }

        return at == own.Length;
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_conversation_without_replies_has_no_own_tokens() =>
        OwnOf(_encoder.Encode([new("user", "hello <|im_end|>")], addGenerationPrompt: true)).ShouldBeEmpty();

    private static string OwnText(IEnumerable<ChatMessage> messages) => string.Concat(messages.Where(m => m.Role == "assistant").Select(m => m.Content + "<|im_end|>"));

    private static int[] OwnOf(EncodedConversation encoded) => [.. Enumerable.Range(0, encoded.Ids.Length).Where(i => encoded.Own[i])];
}
