using Capvec.Formats.Torch;
using Capvec.Steering.Directions;

namespace Capvec.Steering.Exchange.Formats;

/// <summary>
/// torch.save of a dict from layer (int, or digits) to vector, as the original experiment's <c>dir.pt</c> is. It does not say what the numbers count: 32 keys fit both the outputs of 32 blocks and
/// the first 32 of transformers' 33 hidden states, so the user has to.
/// </summary>
internal sealed class LayerDictionary : IDirectionFormat
{
    public string Name => "torch dict by layer";

    public bool Detects(VectorFile file) => file.Kind == VectorFileKind.Torch && file.Torch is TorchDictionary { Count: > 0 } dictionary && dictionary.Keys.All(k => TorchVectors.Number(k) is not null);

    public bool SaysLayers(VectorFile file) => false;

    public DirectionSet Read(VectorFile file, LayerReading? layersAre)
    {
        var dictionary = (TorchDictionary)file.Torch!;
        int[] numbers = [.. dictionary.Keys.Select(k => TorchVectors.Number(k)!.Value).Order()];
        var reading = Ambiguity.Settle(file, numbers.Length == 1 ? $"a dict with the key {numbers[0]}" : $"a dict of {numbers.Length} with keys from {numbers[0]} to {numbers[^1]}", numbers, layersAre);
        var vectors = new LayerVectors(file.Name, reading);
        foreach (var (key, value) in dictionary)
            vectors.Add(TorchVectors.Number(key)!.Value, TorchVectors.Values(value, $"{file.Name}: layer {key}"));
        return vectors.Finish($"keys are read as {reading.Word}", DirectionProvenance.Unknown);
    }
}
