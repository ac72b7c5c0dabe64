using System.Text.RegularExpressions;
using Capvec.Formats.Torch;
using Capvec.Steering.Directions;

namespace Capvec.Steering.Exchange.Formats;

/// <summary>
/// persona_vectors: <c>TRAIT_response_avg_diff.pt</c> and its two siblings, one matrix [blocks + 1, hidden] of raw mean differences. Row i is transformers' <c>hidden_states[i]</c>, and the tool
/// steers the output of block i - 1 with it.
/// </summary>
internal sealed partial class PersonaVectors : IDirectionFormat
{
    public string Name => "persona_vectors";

    public bool Detects(VectorFile file) => file is { Kind: VectorFileKind.Torch, Entry: null } && FileName().IsMatch(Path.GetFileName(file.Path)) && file.Torch is TorchTensor { Shape: [> 1, > 0] };

    public DirectionSet Read(VectorFile file, LayerReading? layersAre)
    {
        var match = FileName().Match(Path.GetFileName(file.Path));
        var tensor = (TorchTensor)file.Torch!;
        var vectors = new LayerVectors(file.Path, layersAre ?? LayerReading.HiddenStates);
        vectors.AddRows(tensor.ToFloat32(), (int)tensor.Shape[1]);
        return vectors.Finish(
            "row i of persona_vectors is hidden_states[i]",
            new DirectionProvenance
            {
                Estimator = "mean-difference",
                Positions = match.Groups["kind"].Value switch { "response_avg" => "mean over the response", "prompt_avg" => "mean over the prompt", _ => "last token of the prompt" },
                Contrast = $"{match.Groups["trait"].Value} shown minus not shown",
                Sign = $"towards {match.Groups["trait"].Value}",
            },
            layersAre is null ? [$"{file.Path}: transformers puts the final norm into the last row, so layer {tensor.Shape[0] - 2} is of another kind than the others"] : null);
    }

    [GeneratedRegex(@"^(?<trait>.+)_(?<kind>response_avg|prompt_avg|prompt_last)_diff\.pt$", RegexOptions.CultureInvariant)]
    private static partial Regex FileName();
}
