using Capvec.Engine.Loading;
using Capvec.Formats.Errors;
using Capvec.Server.Errors;

namespace Capvec.Server.Models;

/// <summary>What the server has loaded: one model, plain and with each adapter. Requests name them by id.</summary>
internal sealed class ModelCatalog
{
    private readonly List<ServedModel> _models;

    /// <summary>Names a loaded model and its adapters after their folders.</summary>
    /// <exception cref="CapvecException">Two folders have the same name.</exception>
    public ModelCatalog(TextModel text, IReadOnlyList<LoraAdapter> adapters)
    {
        Text = text;
        _models = [new(text.Model.Name, text.Model.Hash, null), .. adapters.Select(adapter => new ServedModel(adapter.Name, $"{text.Model.Hash}+{adapter.Hash}", adapter))];
        if (_models.GroupBy(model => model.Id, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw new CapvecException($"two of the folders to serve are named {twice.Key}, and requests name models by their folder; rename one of them.", exitCode: CapvecException.WrongUsage);
    }

    /// <summary>The model with its tokenizer and template.</summary>
    public TextModel Text { get; }

    /// <summary>The plain model first.</summary>
    public IReadOnlyList<ServedModel> All => _models;

    /// <summary>The model of that id; the plain one for null.</summary>
    /// <exception cref="ApiException">404: there is none.</exception>
    public ServedModel Find(string? id) => id is null
        ? _models[0]
        : _models.Find(model => model.Id == id)
            ?? throw ApiException.NotFound($"There is no model \"{id}\" here; GET /v1/models lists those there are: {string.Join(", ", _models.Select(model => model.Id))}.", "model", "model_not_found");
}
