using Capvec.Text.Templates;
using Capvec.Text.Tokenizers;

namespace Capvec.Engine.Loading;

/// <summary>A model with its tokenizer and chat template: all that one folder or GGUF file holds.</summary>
/// <param name="Model">The weights.</param>
/// <param name="Tokenizer">Text to ids and back.</param>
/// <param name="Template">Messages to text.</param>
public sealed record TextModel(LanguageModel Model, Tokenizer Tokenizer, ChatTemplate Template) : IDisposable
{
    /// <summary>Loads everything from a Hugging Face folder or a GGUF file.</summary>
    /// <exception cref="Formats.Errors.CapvecException">A file is missing, broken or of an unsupported kind.</exception>
    public static TextModel Load(string path, IProgress<double>? progress = null, bool fast = false)
    {
        // Text first: what is wrong with it shows before gigabytes are read.
        var (tokenizer, template) = (Tokenizer.Load(path), ChatTemplate.Load(path));
        return new TextModel(LanguageModel.Load(path, progress, fast), tokenizer, template);
    }

    /// <inheritdoc/>
    public void Dispose() => Model.Dispose();
}
