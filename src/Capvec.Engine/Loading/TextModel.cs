using Capvec.Text.Templates;
using Capvec.Text.Tokenizers;

namespace Capvec.Engine.Loading;

/// <summary>A model with its tokenizer and chat template: all that one folder holds.</summary>
/// <param name="Model">The weights.</param>
/// <param name="Tokenizer">Text to ids and back.</param>
/// <param name="Template">Messages to text.</param>
public sealed record TextModel(LanguageModel Model, Tokenizer Tokenizer, ChatTemplate Template) : IDisposable
{
    /// <summary>Loads everything from a Hugging Face folder.</summary>
    public static TextModel Load(string folder, IProgress<double>? progress = null, bool fast = false) =>
        new(LanguageModel.Load(folder, progress, fast), Tokenizer.Load(folder), ChatTemplate.Load(folder));

    /// <inheritdoc/>
    public void Dispose() => Model.Dispose();
}
