using Capvec.Engine.Baking;
using Capvec.Engine.Conversion;
using Capvec.Engine.Interventions;
using Capvec.Engine.Loading;
using Capvec.Formats.Errors;
using Capvec.Formats.Files;
using Capvec.Steering.Directions;

namespace Capvec.Steering.Baking;

/// <summary>Directions taken out of a model's weights, as a new folder or a GGUF file, with a model card beside it.</summary>
public static class DirectionBaker
{
    /// <summary>Bakes.</summary>
    /// <param name="model">The model, loaded from a Hugging Face folder.</param>
    /// <param name="set">The directions.</param>
    /// <param name="source">Where they come from, for the card.</param>
    /// <param name="options">What is done.</param>
    /// <param name="target">A folder that is new or empty, or a file that ends in .gguf.</param>
    /// <param name="progress">Told the share of the work that is done, 0 to 1; what it throws ends the work, and no model is left.</param>
    /// <returns>What was done, the card's path, and what the GGUF file left out.</returns>
    /// <exception cref="CapvecException">The operation cannot be baked, a layer has no direction, the directions are of another model, or the target holds something.</exception>
    public static (BakedModel Baked, string Card, IReadOnlyList<string> Notes) Bake(LanguageModel model, DirectionSet set, string source, BakeOptions options, string target, IProgress<double>? progress = null)
    {
        if (options.Operation != SteeringOperation.Ablate)
        {
            throw new CapvecException(
                $"{options.Operation} cannot be baked into {model.Config.Family}: its mixers and MLPs write into the stream without a bias and its RMSNorms have none, so no weight can carry a constant exactly; "
                + "only ablate can. Steer at run time, or write a control vector with `capvec vectors convert --form gguf`.",
                exitCode: CapvecException.WrongUsage);
        }

        var plan = Plan(model, set, source, options);
        var isGguf = Path.GetExtension(target).Equals(".gguf", StringComparison.OrdinalIgnoreCase);
        if (!isGguf)
        {
            var baked = WeightBaker.Ablate(model, plan, target, options.KeepTied, progress);
            return (baked, WriteCard(Path.Combine(target, "README.md"), baked), []);
        }

        // Beside the target, so that a full disk is met before anything of the target is there.
        var folder = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(target))!, $".{Path.GetFileName(target)}.{Guid.NewGuid():N}");
        try
        {
            var baked = WeightBaker.Ablate(model, plan, folder, options.KeepTied, Half(progress, 0));
            var notes = GgufConverter.Convert(folder, options.GgufFormat, target, progress: Half(progress, 0.5));
            return (baked with { Folder = target }, WriteCard(Path.ChangeExtension(target, ".README.md"), baked with { Folder = target }), notes);
        }
        finally
        {
            if (Directory.Exists(folder))
                Directory.Delete(folder, recursive: true);
        }

        string WriteCard(string path, BakedModel baked)
        {
            AtomicFile.WriteText(path, BakeCard.Text(model, set, source, options, plan, baked));
            return path;
        }
    }

    private static HalfOfProgress? Half(IProgress<double>? progress, double first) => progress is null ? null : new HalfOfProgress(progress, first);

    private static AblationPlan Plan(LanguageModel model, DirectionSet set, string source, BakeOptions options)
    {
        if (set.Hidden != model.Hidden)
            throw new CapvecException($"{source}: the directions have {set.Hidden} numbers, the model's residual stream {model.Hidden}; they are of another model.");
        if (options.Layers.FirstOrDefault(l => !set.Layers.Contains(l), -1) is >= 0 and var missing)
            throw new CapvecException($"{source} has no direction for layer {missing}; it has layers {DirectionSet.Ranges(set.Layers)} (0-based blocks).", exitCode: CapvecException.WrongUsage);
        return options.EachOwn
            ? AblationPlan.EachBlock(options.Layers.ToDictionary(l => l, l => set.At(l).Unit.ToArray()), model.Layers)
            : AblationPlan.Everywhere([.. options.Layers.Select(l => set.At(l).Unit.ToArray())], model.Layers);
    }

    private sealed class HalfOfProgress(IProgress<double> whole, double first) : IProgress<double>
    {
        public void Report(double value) => whole.Report(first + (value / 2));
    }
}
