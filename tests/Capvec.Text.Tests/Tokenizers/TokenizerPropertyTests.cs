using System.Text;
using Capvec.Text.Tokenizers;
using FsCheck;
using FsCheck.Fluent;

namespace Capvec.Text.Tests.Tokenizers;

public class TokenizerPropertyTests
{
    private static readonly string[] Pieces =
    [
        "a", "the", " of", " ", "  ", "\n", "\r\n", "\t", "1", "42", "'s", "'LL", "'\u017f", "!", "--", "{", "\u00e9", "e\u0301", "\u0301", "\u4e2d", "\ud55c", "\u1100\u1161", "😀", "👩\u200d💻",
        "\ud800", "\udc00", "\u00a0", "\u2028", "½", "𝟙", "𝕳", "<|im_end|>", "<|im_end", "<think>", "\0", "\u0085", "alpha", "\ufffd", "\uffff",
    ];

    // FsCheck's own strings are mostly ASCII and short; pieces that matter to the rules find more.
    private static readonly Arbitrary<string> Texts = Gen.OneOf(
        ArbMap.Default.GeneratorFor<string>().Where(text => text is not null),
        Gen.Elements(Pieces).ListOf().Select(string.Concat)).ToArbitrary();

    [Fact]
    public void Decoding_what_was_encoded_gives_the_normalised_text() => Prop.ForAll(Texts, text =>
        Vocabularies.Phantom.Decode(Vocabularies.Phantom.Encode(text, parseAdded: false)) == Nfc(text)).QuickCheckThrowOnFailure();

    [Fact]
    public void Added_tokens_inside_the_text_do_not_change_what_is_decoded() => Prop.ForAll(Texts, text =>
    {
        // Segments are normalised one by one, so nothing composes across an added token: compare after composing everything.
        var tokenizer = Vocabularies.Phantom;
        return tokenizer.Decode(tokenizer.Encode(text)).Normalize(NormalizationForm.FormC) == Nfc(text);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_stream_s_chunks_are_the_decoded_text_cut_up() => Prop.ForAll(Gen.Choose(-2, 2100).ListOf().ToArbitrary(), ids =>
    {
        var stream = Vocabularies.Phantom.Stream();
        var chunks = ids.Select(stream.Push).ToList();
        return string.Concat(chunks) + stream.Finish() == Vocabularies.Phantom.Decode(ids.ToArray());
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_stream_never_gives_out_half_a_character() => Prop.ForAll(Texts, text =>
    {
        var stream = Vocabularies.Phantom.Stream();
        return Vocabularies.Phantom.Encode(text.Replace("\ufffd", "", StringComparison.Ordinal).Where(c => !char.IsSurrogate(c)).Aggregate("", (all, c) => all + c))
            .Select(stream.Push).All(chunk => !chunk.Contains('\ufffd'));
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Merging_few_and_many_symbols_gives_what_scanning_for_the_lowest_rank_gives()
    {
        // Few symbols and many merges make ties and stale candidates common. Beyond 64 symbols a heap does it.
        var generator = from merges in Gen.Two(Gen.Choose(0, 9)).ListOf()
                        from count in Gen.Frequency((3, Gen.Choose(0, 64)), (1, Gen.Choose(65, 200)))
                        from symbols in Gen.Choose(0, 4).ArrayOf(count)
                        select (Merges: merges, Symbols: symbols);
        Prop.ForAll(generator.ToArbitrary(), input =>
        {
            var table = new MergeTable(0);
            var ranks = new Dictionary<(int, int), (int Rank, int Merged)>();
            for (var rank = 0; rank < input.Merges.Count; rank++)
            {
                var (left, right) = input.Merges[rank];
                // Each pair has a result of its own, as text does: different parts never make the same symbol by chance.
                var merged = 5 + (left * 10) + right;
                if (!ranks.TryAdd((left, right), (rank, merged)))
                    continue;
                table.Add(left, right, rank, merged);
            }

            int[] symbols = [.. input.Symbols];
            var count = table.Apply(symbols);
            return symbols[..count].SequenceEqual(Scan([.. input.Symbols], ranks)) && table.InOrder().SequenceEqual(ranks.OrderBy(pair => pair.Value.Rank).Select(pair => pair.Key));
        }).QuickCheckThrowOnFailure();
    }

    private static List<int> Scan(List<int> symbols, Dictionary<(int, int), (int Rank, int Merged)> ranks)
    {
        while (true)
        {
            var best = Enumerable.Range(0, Math.Max(0, symbols.Count - 1))
                .Where(i => ranks.ContainsKey((symbols[i], symbols[i + 1])))
                .OrderBy(i => ranks[(symbols[i], symbols[i + 1])].Rank).Select(i => (int?)i).FirstOrDefault();
            if (best is not { } at)
                return symbols;
            symbols[at] = ranks[(symbols[at], symbols[at + 1])].Merged;
            symbols.RemoveAt(at + 1);
        }
    }

    private static string Nfc(string text) => string.Concat(text.EnumerateRunes()).Normalize(NormalizationForm.FormC);
}
