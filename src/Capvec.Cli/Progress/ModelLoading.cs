using Capvec.Cli.Output;
using Capvec.Engine.Loading;

namespace Capvec.Cli.Progress;

/// <summary>Loads models and adapters for commands: with progress where that takes a while, so that Ctrl-C stops it, and saying what a user should know of the files.</summary>
internal static class ModelLoading
{
    /// <summary>A model with tokenizer and template.</summary>
    public static async Task<TextModel> TextAsync(string path, CancellationToken cancellation, bool fast = false)
    {
        TextModel text;
        await using (var progress = new LoadingProgress($"loading {path}", cancellation))
            text = TextModel.Load(path, progress, fast);
        Tell(text.Model.Notes);
        return text;
    }

    /// <summary>A model's weights.</summary>
    public static async Task<LanguageModel> WeightsAsync(string path, CancellationToken cancellation, bool fast = false)
    {
        LanguageModel model;
        await using (var progress = new LoadingProgress($"loading {path}", cancellation))
            model = LanguageModel.Load(path, progress, fast);
        Tell(model.Notes);
        return model;
    }

    /// <summary>An adapter of a model.</summary>
    public static LoraAdapter Adapter(LanguageModel model, string path)
    {
        var adapter = model.LoadAdapter(path);
        Tell(adapter.Notes);
        return adapter;
    }

    private static void Tell(IEnumerable<string> notes)
    {
        foreach (var note in notes)
            CommandOutput.Remark(note);
    }
}
