using System.Text.Json.Nodes;
using Capvec.Formats.Errors;
using Capvec.Text.Tokenizers;

namespace Capvec.Text.Tests.Tokenizers;

public class TokenizerErrorTests
{
    [Fact]
    public void A_folder_without_tokenizer_is_named()
    {
        using var folder = new TemporaryFolder();
        Should.Throw<CapvecException>(() => Tokenizer.Load(folder.Path)).Message.ShouldBe(
            $"no tokenizer.json in {folder.Path}: a model folder holds one beside its weights; check the path or download the file");
    }

    [Fact]
    public void A_cut_file_is_named_with_the_place_where_it_breaks()
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("tokenizer.json", "{\n  \"model\": {\"type\": \"BP");
        var message = Should.Throw<CapvecException>(() => Tokenizer.Load(folder.Path)).Message;
        message.ShouldStartWith($"{path} is not valid JSON");
        message.ShouldContain("LineNumber: 1");
    }

    [Theory]
    [InlineData("model.type", "\"Unigram\"", "model.type: model type Unigram is not supported")]
    [InlineData("model.type", "17", "model.type has 17 where a string was expected")]
    [InlineData("model.byte_fallback", "true", "model.byte_fallback: SentencePiece-like byte fallback is not supported")]
    [InlineData("model.dropout", "0.1", "model.dropout: dropout is not supported")]
    [InlineData("model.end_of_word_suffix", "\"</w>\"", "model.end_of_word_suffix: a suffix of words is not supported")]
    [InlineData("model.vocab", "[]", "model.vocab has a list where an object of entries and ids was expected")]
    [InlineData("model.vocab", "{\"a\": -3}", "model.vocab.a has -3 where an id from 0 to 8000000 was expected")]
    [InlineData("model.merges", "null", "model type BPE is not supported")]
    [InlineData("model.merges", "[\"a\"]", "model.merges[0] has \"a\" where two entries with one space between them was expected")]
    [InlineData("model.merges", "[[\"a\", \"b\", \"c\"]]", "model.merges[0] has a list where two entries, as one string or as a pair was expected")]
    [InlineData("model.merges", "[\"a x\"]", "model.merges[0] needs the entry \"ax\", which the vocabulary lacks")]
    [InlineData("model.unk_token", "\"nowhere\"", "model.unk_token has \"nowhere\" where an entry of the vocabulary, or null was expected")]
    [InlineData("normalizer", "{\"type\": \"Lowercase\"}", "normalizer.type: normaliser Lowercase is not supported")]
    [InlineData("pre_tokenizer", "null", "pre_tokenizer: a tokenizer without pre_tokenizer is not supported")]
    [InlineData("pre_tokenizer", "{\"type\": \"Whitespace\"}", "pre_tokenizer: pre-tokenizer that does not end in ByteLevel is not supported")]
    [InlineData("pre_tokenizer", "{\"type\": \"ByteLevel\", \"add_prefix_space\": true}", "pre_tokenizer.add_prefix_space: a space put before the text is not supported")]
    [InlineData("pre_tokenizer.pretokenizers", "[{\"type\": \"Split\", \"behavior\": \"Isolated\", \"pattern\": {\"Regex\": \"\\\\w+\"}}, {\"type\": \"ByteLevel\", \"add_prefix_space\": false, \"use_regex\": false}]", "pattern.Regex: splitting expression \\w+ is not supported")]
    [InlineData("pre_tokenizer.pretokenizers", "[{\"type\": \"Split\", \"behavior\": \"Removed\", \"pattern\": {\"Regex\": \"x\"}}, {\"type\": \"ByteLevel\", \"add_prefix_space\": false, \"use_regex\": false}]", "behavior: Split behaviour Removed is not supported")]
    [InlineData("pre_tokenizer.pretokenizers", "[{\"type\": \"Digits\"}, {\"type\": \"Punctuation\"}, {\"type\": \"ByteLevel\", \"add_prefix_space\": false}]", "pre_tokenizer: pre-tokenizer sequence Digits, Punctuation, ByteLevel is not supported")]
    [InlineData("post_processor", "{\"type\": \"BertProcessing\"}", "post_processor.type: post-processor BertProcessing is not supported")]
    [InlineData("decoder", "{\"type\": \"WordPiece\"}", "decoder: decoder WordPiece is not supported")]
    [InlineData("added_tokens", "[{\"id\": \"x\", \"content\": \"y\"}]", "added_tokens[0].id has \"x\" where a whole number was expected")]
    [InlineData("added_tokens", "[{\"id\": 5, \"content\": \"\\ud800\"}]", "added_tokens[0].content has \"\\ud800\" where well-formed Unicode")]
    public void What_is_wrong_or_not_supported_is_named(string field, string value, string expected)
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("tokenizer.json", Changed(field, value));
        var message = Should.Throw<CapvecException>(() => Tokenizer.Load(folder.Path)).Message;
        message.ShouldContain(expected);
        message.ShouldStartWith(path);
    }

    [Fact]
    public void The_unchanged_small_tokenizer_loads()
    {
        using var folder = new TemporaryFolder();
        folder.Write("tokenizer.json", SmallTokenizer.Json);
        Tokenizer.Load(folder.Path).Encode("aab").ShouldBe([2, 1]);
    }

    private static string Changed(string field, string value)
    {
        var root = JsonNode.Parse(SmallTokenizer.Json)!;
        var path = field.Split('.');
        var owner = path[..^1].Aggregate(root, (node, name) => node[name]!).AsObject();
        owner[path[^1]] = "\u0001";

        // Put in as text, so that also values that JsonNode would refuse can be tried.
        return root.ToJsonString().Replace("\"\\u0001\"", value, StringComparison.Ordinal);
    }
}
