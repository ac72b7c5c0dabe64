using Capvec.Text.Tokenizers;

namespace Capvec.Text.Tests.Tokenizers;

public class TokenizerRuleTests
{
    [Fact]
    public void Entries_that_merges_do_not_reach_are_not_used() => SmallTokenizer.With().Encode("aab").ShouldBe([2, 1]);

    [Fact]
    public void With_ignore_merges_a_piece_that_is_an_entry_is_taken_whole() =>
        SmallTokenizer.With(("\"ignore_merges\": false", "\"ignore_merges\": true")).Encode("aab aaba").ShouldBe([3, 5, 2, 1, 0]);

    [Fact]
    public void Merges_may_be_written_as_pairs() => SmallTokenizer.With(("[\"a a\"]", "[[\"a\", \"a\"]]")).Encode("aab").ShouldBe([2, 1]);

    [Fact]
    public void Bytes_without_an_entry_vanish_unless_there_is_an_unknown_token()
    {
        SmallTokenizer.With().Encode("aza").ShouldBe([2]);
        SmallTokenizer.With(("\"unk_token\": null", "\"unk_token\": \"x\"")).Encode("azza").ShouldBe([0, 4, 4, 0]);
        SmallTokenizer.With(("\"unk_token\": null", "\"unk_token\": \"x\", \"fuse_unk\": true")).Encode("azza").ShouldBe([0, 4, 0]);
    }

    [Theory]
    [InlineData(1000)]
    [InlineData(200_001)]
    public void A_long_piece_is_merged_in_reasonable_time(int length) =>
        SmallTokenizer.With().Encode(new string('a', length)).ShouldBe([.. Enumerable.Repeat(2, length / 2), .. Enumerable.Repeat(0, length % 2)]);

    [Fact]
    public void Of_added_tokens_the_leftmost_and_then_the_longest_is_found()
    {
        var tokenizer = SmallTokenizer.WithAdded("[{\"id\": 10, \"content\": \"<a\"}, {\"id\": 11, \"content\": \"<a>\"}, {\"id\": 12, \"content\": \"a><a>\"}]");
        tokenizer.Encode("<a><a<a>a><a>").ShouldBe([11, 10, 11, 12]);
        tokenizer.Encode("<a>", parseAdded: false).ShouldBe([0]);
    }

    [Fact]
    public void Added_tokens_can_swallow_space_and_stand_alone_as_words()
    {
        SmallTokenizer.WithAdded("[{\"id\": 10, \"content\": \"<m>\", \"lstrip\": true, \"rstrip\": true}]").Encode("a  <m>  b").ShouldBe([0, 10, 1]);
        SmallTokenizer.WithAdded("[{\"id\": 10, \"content\": \"bb\", \"single_word\": true}]").Encode("bb abb bb").ShouldBe([10, 5, 0, 1, 1, 5, 10]);
    }

    [Fact]
    public void Normalized_added_tokens_are_found_in_the_normalised_text()
    {
        var raw = SmallTokenizer.WithAdded("[{\"id\": 10, \"content\": \"\u00e9\", \"normalized\": false}]");
        var normalized = SmallTokenizer.WithAdded("[{\"id\": 10, \"content\": \"\u00e9\", \"normalized\": true}]");
        raw.Encode("ae\u0301b").ShouldBe([0, 1]);
        normalized.Encode("ae\u0301b").ShouldBe([0, 10, 1]);
    }

    [Fact]
    public void Only_special_tokens_are_skipped()
    {
        var tokenizer = SmallTokenizer.WithAdded("[{\"id\": 10, \"content\": \"<end>\", \"special\": true}, {\"id\": 11, \"content\": \"<think>\", \"special\": false}]");
        var ids = tokenizer.Encode("<think>a<end>");
        tokenizer.Decode(ids).ShouldBe("<think>a<end>");
        tokenizer.Decode(ids, skipSpecial: true).ShouldBe("<think>a");
        var stream = tokenizer.Stream(skipSpecial: true);
        ids.Select(stream.Push).ShouldBe(["<think>", "a", ""]);
        tokenizer.IsSpecial(10).ShouldBeTrue();
        tokenizer.IsSpecial(11).ShouldBeFalse();
    }

    [Fact]
    public void Ids_that_are_not_known_decode_to_nothing()
    {
        var tokenizer = SmallTokenizer.With();
        tokenizer.Decode([0, 7, -1, int.MaxValue, 1]).ShouldBe("ab");
        tokenizer.Knows(6).ShouldBeTrue();
        tokenizer.Knows(7).ShouldBeFalse();
        tokenizer.Count.ShouldBe(7);
    }

    [Fact]
    public void Tokens_are_found_by_their_exact_text()
    {
        var tokenizer = SmallTokenizer.WithAdded("[{\"id\": 10, \"content\": \"<end>\"}]");
        tokenizer.IdOf("<end>").ShouldBe(10);
        tokenizer.IdOf(" ").ShouldBe(5);
        tokenizer.IdOf("\u0120").ShouldBeNull();
        tokenizer.IdOf("zz").ShouldBeNull();
    }

    [Fact]
    public void Added_tokens_of_tokenizer_config_json_come_on_top()
    {
        using var folder = new TemporaryFolder();
        folder.Write("tokenizer.json", SmallTokenizer.Json.Replace("\"added_tokens\": []", "\"added_tokens\": [{\"id\": 10, \"content\": \"<end>\", \"special\": true}]", StringComparison.Ordinal));
        folder.Write("tokenizer_config.json", "{\"added_tokens_decoder\": {\"10\": {\"content\": \"<other>\", \"special\": false}, \"12\": {\"content\": \"<audio>\", \"special\": true}}}");
        var tokenizer = Tokenizer.Load(folder.Path);
        tokenizer.Encode("<audio><end>").ShouldBe([12, 10]);
        tokenizer.IdOf("<other>").ShouldBeNull();
        tokenizer.AddedTokens.Select(token => token.Id).ShouldBe([10, 12]);
    }

    [Fact]
    public void Ids_that_belong_around_plain_text_are_told_and_not_added()
    {
        var processor = """
            {"type": "Sequence", "processors": [{"type": "ByteLevel"}, {"type": "TemplateProcessing",
              "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "</s>", "type_id": 0}}],
              "special_tokens": {"<s>": {"id": "<s>", "ids": [4], "tokens": ["<s>"]}, "</s>": {"id": "</s>", "ids": [6], "tokens": ["</s>"]}}}]}
            """;
        var tokenizer = SmallTokenizer.With(("\"post_processor\": null", $"\"post_processor\": {processor}"));
        tokenizer.Prefix.ShouldBe([4]);
        tokenizer.Suffix.ShouldBe([6]);
        tokenizer.Encode("a").ShouldBe([0]);
    }

    [Fact]
    public void Half_a_surrogate_pair_counts_as_a_replacement_character() =>
        Vocabularies.Phantom.Encode("a\ud83db\ude00").ShouldBe(Vocabularies.Phantom.Encode("a\ufffdb\ufffd"));

    [Theory]
    [InlineData(true, "don't DON'T it'\u017f 'x|don|'t| DON|'T| it|'\u017f| '|x")]
    [InlineData(true, "a1234b  c\n\n d!!\n\nx\u0301y|a|123|4|b| | c|\n\n| d|!!\n\n|x|\u0301y")]
    [InlineData(true, "\t\tx ,y \ud835\udd73i   |\t|\tx| ,|y| \ud835\udd73i|   ")]
    [InlineData(false, "don't DON'T 'x|don|'t| DON|'|T| '|x")]
    [InlineData(false, "a1234b  c\n\n d!!\n x12|a|1234|b| | c|\n\n| d|!!|\n| x|12")]
    public void Text_is_split_as_the_expressions_say(bool llama, string example)
    {
        PieceSplitter splitter = llama ? new QwenSplitter(marksInWords: false, maxDigits: 3) : new Gpt2Splitter(digitsFirst: false);
        var parts = example.Split('|');
        var pieces = new List<string>();
        for (var at = 0; at < parts[0].Length;)
        {
            var end = splitter.EndOfPiece(parts[0], at);
            pieces.Add(parts[0][at..end]);
            at = end;
        }

        pieces.ShouldBe(parts[1..]);
    }
}
