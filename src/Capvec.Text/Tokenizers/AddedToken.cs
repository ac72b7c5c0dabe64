namespace Capvec.Text.Tokenizers;

/// <summary>A token that is found in the text as it stands, before anything is split.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Content">The exact text.</param>
/// <param name="Special">Whether it is left out of decoded text on request: markers of turns, not words such as <c>&lt;think&gt;</c>.</param>
/// <param name="Normalized">Whether it is looked for in the normalised text instead of the raw one.</param>
/// <param name="SingleWord">Whether letters or digits must not touch it.</param>
/// <param name="StripLeft">Whether it swallows white space before it.</param>
/// <param name="StripRight">Whether it swallows white space after it.</param>
public sealed record AddedToken(
    int Id, string Content, bool Special, bool Normalized = false, bool SingleWord = false, bool StripLeft = false, bool StripRight = false);
