using System.Text.Json;
using Capvec.Engine.Loading;
using Capvec.Formats.Errors;
using Capvec.Formats.Safetensors;
using Capvec.Server.Errors;
using Capvec.Server.Hosting;
using Capvec.Steering.Directions;
using Capvec.Steering.Exchange;
using Capvec.Steering.Specification;

namespace Capvec.Server.Steering;

/// <summary>
/// The direction sets that requests may name. All are read once, when the server starts: a request names an id of this list and can
/// never make the server open a file. The id of a file is its name without the ending; where it holds several sets, file#set.
/// </summary>
internal sealed class VectorCatalog
{
    private static readonly string[] Endings = ["*.pt", "*.npy", "*.svec", "*.gguf"];

    private readonly SortedDictionary<string, DirectionSet> _sets = new(StringComparer.Ordinal);
    private readonly LanguageModel _model;
    private readonly int _maxInterventions;

    /// <summary>Reads every direction file of the folder.</summary>
    /// <exception cref="CapvecException">The folder is missing, or a file in it is broken.</exception>
    public VectorCatalog(ServerOptions options, LanguageModel model)
    {
        (_model, _maxInterventions) = (model, options.MaxInterventions);
        if (options.VectorFolder is not { } folder)
            return;
        if (!Directory.Exists(folder))
            throw new CapvecException($"{folder}: there is no such folder; give the one that holds the direction files.", exitCode: CapvecException.WrongUsage);

        // dir.pt holds less than the dir.safetensors beside it, which therefore comes last and stays.
        foreach (var path in Endings.SelectMany(ending => Directory.EnumerateFiles(folder, ending).Order(StringComparer.Ordinal)))
            _sets[Path.GetFileNameWithoutExtension(path)] = Load(path, options.LayersAre);
        foreach (var path in Directory.EnumerateFiles(folder, "*.safetensors").Order(StringComparer.Ordinal))
        {
            var stem = Path.GetFileNameWithoutExtension(path);
            var names = SetsIn(path);
            if (names.Count == 0)
                _sets[stem] = Load(path, options.LayersAre);
            foreach (var name in names)
                _sets[$"{stem}#{name}"] = Load($"{path}#{name}", options.LayersAre);
        }
    }

    /// <summary>Every id.</summary>
    public IReadOnlyList<string> Ids => [.. _sets.Keys];

    /// <summary>What a request's steering field asks for.</summary>
    /// <param name="steering">The field, or null.</param>
    /// <exception cref="ApiException">400 with the part of the field that is at fault.</exception>
    public ResolvedSteering Resolve(JsonElement? steering)
    {
        if (steering is not { } field)
            return ResolvedSteering.None;
        try
        {
            var spec = SteeringSpec.Parse(field);
            if (spec.Vectors.Length > _maxInterventions)
                throw TooMany(spec.Vectors.Length);
            var plan = spec.Resolve(_sets.GetValueOrDefault, _model.Layers, _model.Hidden);
            if (plan.Interventions.Length > _maxInterventions)
                throw TooMany(plan.Interventions.Length);
            return new ResolvedSteering(plan, spec.ToJson());
        }
        catch (CapvecException e)
        {
            // Messages begin with the field's path.
            var end = e.Message.IndexOf(": ", StringComparison.Ordinal);
            throw ApiException.Invalid(e.Message, end > 0 ? e.Message[..end] : "steering");
        }
    }

    // Files of a folder may come from several tools: what one says itself stands.
    private static DirectionSet Load(string path, LayerReading? layersAre) => DirectionExchange.Read(path, layersAre, whereUnsaid: true).Set;

    private ApiException TooMany(int count) =>
        ApiException.Invalid($"steering acts at {count} places; this server takes at most {_maxInterventions} (a layer counts for each vector).", "steering");

    private static List<string> SetsIn(string path)
    {
        using var file = SafetensorsFile.Open(path);
        return file.Tensors.Count < 2 ? [] : [.. file.Tensors.Values.Where(tensor => tensor.Shape.Length == 2).Select(tensor => tensor.Name)];
    }
}
