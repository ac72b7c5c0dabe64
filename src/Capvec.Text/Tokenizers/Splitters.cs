namespace Capvec.Text.Tokenizers;

/// <summary>The splitting expressions that are known, one object each, whatever file asks for them.</summary>
internal static class Splitters
{
    /// <summary>Qwen3.5's: marks belong to words, digits stand alone.</summary>
    public static readonly PieceSplitter Qwen35 = new QwenSplitter(marksInWords: true, maxDigits: 1);

    /// <summary>That of Qwen2 and Qwen3: digits stand alone.</summary>
    public static readonly PieceSplitter Qwen2 = new QwenSplitter(marksInWords: false, maxDigits: 1);

    /// <summary>Llama 3's: up to three digits together.</summary>
    public static readonly PieceSplitter Llama3 = new QwenSplitter(marksInWords: false, maxDigits: 3);

    /// <summary>GPT-2's.</summary>
    public static readonly PieceSplitter Gpt2 = new Gpt2Splitter(digitsFirst: false);

    /// <summary>SmolLM2's: GPT-2's after every digit was cut out.</summary>
    public static readonly PieceSplitter SmolLM2 = new Gpt2Splitter(digitsFirst: true);
}
