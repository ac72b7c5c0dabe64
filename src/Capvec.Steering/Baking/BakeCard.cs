using System.Globalization;
using Capvec.Engine.Baking;
using Capvec.Engine.Loading;
using Capvec.Steering.Directions;

namespace Capvec.Steering.Baking;

/// <summary>The model card of a baked model: what was done to which model with which directions, how to check it, how to undo it.</summary>
internal static class BakeCard
{
    /// <summary>The card as markdown.</summary>
    public static string Text(LanguageModel model, DirectionSet set, string source, BakeOptions options, AblationPlan plan, BakedModel baked)
    {
        var p = set.Provenance;
        var layers = DirectionSet.Ranges(options.Layers);
        var dimensions = options.EachOwn ? 1 : plan.Dimensions.Embedding;
        var what = options.EachOwn
            ? $"Of each of the blocks {layers} its own direction was taken out of what that block writes: the output matrices of its mixer and its MLP. The embedding and the other blocks are as they were."
            : $"The span of the {(options.Layers.Length == 1 ? "direction of block" : "directions of blocks")} {layers} ({dimensions} {(dimensions == 1 ? "dimension" : "dimensions")}) was taken out of the embedding and of the output matrices of every block's mixer and MLP.";
        var head = baked.Untied
            ? "The output matrix was tied to the embedding; it is now the old embedding in a file of its own, because ablation at run time does not touch it."
            : options.EachOwn || !options.KeepTied ? "The output matrix is as in the original." : "The output matrix stays tied to the embedding, so logits read the edited embedding and differ from those of ablation at run time.";
        var check = options.EachOwn
            ? "The same of the original, steered with ablation at the mixer and MLP outputs of the blocks named, each with its own direction, is this model's up to the rounding of its weights."
            : string.Create(CultureInfo.InvariantCulture, $"""
                Its component along the directions is nothing but rounding: steering this model with `--vector {Path.GetFileName(source)} --layer {options.Layers[0]} --operation ablate` changes next to nothing, while it changes the original.
                The original, steered with ablation at the embedding and at every mixer and MLP output, has this model's stream up to the rounding of its weights.
                """);
        return string.Create(CultureInfo.InvariantCulture, $"""
            # {model.Name} with {(options.Layers.Length == 1 ? "a direction" : $"{options.Layers.Length} directions")} taken out

            {what} {baked.Edited.Count} tensors were edited.
            With Q the orthonormal directions, an output matrix W became `W - Q Q^T W` and a row e of the embedding `e - Q Q^T e`, in float64, rounded once to the number format that the tensor had.

            | | |
            | --- | --- |
            | made from | {model.Name}, {model.Config.Family}, model hash `{model.Hash}` |
            | directions | `{Path.GetFileName(source)}`, blocks {layers} (0-based), hash `{set.Hash}` |
            | estimator | {p.Estimator ?? "unknown"} |
            | contrast | {p.Contrast ?? "unknown"} |
            | made of residuals of | {(p.ModelHash is { } hash ? $"model hash `{hash}`{(hash == model.Hash ? ", this model" : ", another model")}" : "an unknown model")} |
            | left by rounding | at most {baked.LargestLeft:G2} of what any input of an edited matrix writes is still along a direction |

            {head}
            Vision towers and multi-token-prediction heads are not edited.

            ## How to check

            `capvec forward --model THIS --ids "1 2 3" --out f.safetensors` writes the stream after every block.
            {check}

            ## How to undo it

            What was taken out is not in these weights any more. Use the original, whose hash stands above.

            Nothing was trained, and nothing here says that behaviour changed as meant: compare both models before you rely on it. The licence is the original's.

            """);
    }
}
