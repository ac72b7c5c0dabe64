using Capvec.Experiments.Storage;
using Capvec.Steering.Activations;
using Capvec.Steering.Directions;
using Capvec.Steering.Estimation;

namespace Capvec.Experiments.Running;

/// <summary>Makes directions from captured residuals, and ranks the layers.</summary>
internal static class ComputeStep
{
    /// <summary>Writes vectors/dir.pt, vectors/dir.safetensors, ranking.csv and ranking.json.</summary>
    public static void Run(StudyFolder folder, int permutations, ulong seed, TimeProvider time, IRunProgress progress)
    {
        var set = ActivationSet.Load(folder.Activations);
        progress.Started(RunStep.Compute, "directions and their ranking", set.Layers.Length, 0, "layers");
        var directions = MeanDifference.Fit(set, time: time);
        var ranking = LayerRanking.Compute(set, directions, new RankingOptions { Permutations = permutations, Seed = seed });
        ranking.Save(folder.Root);
        DirectionFile.SaveBoth(directions, folder.Vectors);
        progress.Advanced(set.Layers.Length, null);
        var best = ranking.Layers[0];
        progress.Finished(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{set.Layers.Length} layers; best held-out AUC {best.HeldOutAuc:F3} at layer {best.Layer}"));
    }
}
