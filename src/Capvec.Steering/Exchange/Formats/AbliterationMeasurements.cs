using Capvec.Formats.Torch;
using Capvec.Steering.Directions;

namespace Capvec.Steering.Exchange.Formats;

/// <summary>
/// llm-abliteration's measurements: a dict with <c>refuse_i</c> (raw difference of the harmful and harmless means), <c>refusenorm_i</c> (the same at length 1), <c>harmful_i</c> and <c>harmless_i</c>.
/// i runs over transformers' <c>hidden_states</c> from 0, the embeddings, so it is the input of block i.
/// </summary>
internal sealed class AbliterationMeasurements : IDirectionFormat
{
    private const string Raw = "refuse_";
    private const string Normed = "refusenorm_";

    public string Name => "llm-abliteration measurements";

    public bool Detects(VectorFile file) => file.Kind == VectorFileKind.Torch && file.Torch is TorchDictionary dictionary && dictionary.Keys.Any(k => (TorchVectors.Number(k, Raw) ?? TorchVectors.Number(k, Normed)) is not null);

    public DirectionSet Read(VectorFile file, LayerReading? layersAre)
    {
        var dictionary = (TorchDictionary)file.Torch!;
        var vectors = new LayerVectors(file.Name, layersAre ?? LayerReading.HiddenStates);
        var prefix = dictionary.Keys.Any(k => TorchVectors.Number(k, Raw) is not null) ? Raw : Normed;
        foreach (var (key, value) in dictionary)
        {
            if (TorchVectors.Number(key, prefix) is { } number)
                vectors.Add(number, TorchVectors.Values(value, $"{file.Name}: {key}"));
        }

        return vectors.Finish(
            $"{prefix}i of llm-abliteration is hidden_states[i], the input of block i",
            new DirectionProvenance { Estimator = "mean-difference", Positions = "last token of the prompt", Contrast = "harmful minus harmless prompts", Sign = "towards refusal" });
    }
}
