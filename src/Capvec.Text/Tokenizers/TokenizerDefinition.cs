namespace Capvec.Text.Tokenizers;

/// <summary>All that a byte-level BPE tokenizer is made of, whatever file it comes from.</summary>
internal sealed record TokenizerDefinition
{
    /// <summary>Where it comes from, for messages.</summary>
    public required string Source { get; init; }

    /// <summary>Entries in the byte-level alphabet and their ids; added tokens may be among them.</summary>
    public required IReadOnlyDictionary<string, int> Vocabulary { get; init; }

    /// <summary>The merges by id.</summary>
    public required MergeTable Merges { get; init; }

    /// <summary>Whether a piece that is itself an entry is taken whole, whatever merges would make of it.</summary>
    public bool IgnoreMerges { get; init; }

    /// <summary>The id for a byte that has no entry; without one such bytes vanish.</summary>
    public int? Unknown { get; init; }

    /// <summary>Whether a run of unknown bytes is one id.</summary>
    public bool FuseUnknown { get; init; }

    /// <summary>Cuts segments into pieces.</summary>
    public required PieceSplitter Splitter { get; init; }

    /// <summary>Whether segments are brought into normalisation form C first.</summary>
    public bool Nfc { get; init; }

    /// <summary>Tokens that are found in the text as they stand.</summary>
    public required IReadOnlyList<AddedToken> Added { get; init; }

    /// <summary>Ids before plain text (such as a BOS).</summary>
    public IReadOnlyList<int> Prefix { get; init; } = [];

    /// <summary>Ids behind plain text.</summary>
    public IReadOnlyList<int> Suffix { get; init; } = [];
}
