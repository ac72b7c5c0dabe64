using Capvec.Experiments.Storage;
using Capvec.Steering.Activations;
using Capvec.Steering.Audit;
using Capvec.Steering.Directions;
using Capvec.Steering.Estimation;
using Capvec.Steering.Ranking;

namespace Capvec.Experiments.Running;

/// <summary>Makes directions from captured residuals, and ranks the layers.</summary>
internal static class ComputeStep
{
    /// <summary>Writes vectors/dir.pt, vectors/dir.safetensors, ranking.csv, ranking.json and audit.json.</summary>
    public static void Run(StudyFolder folder, string estimatorName, int permutations, ulong seed, TimeProvider time, IRunProgress progress)
    {
        var set = ActivationSet.Load(folder.Activations);
        progress.Started(RunStep.Compute, "directions and their ranking", set.Layers.Length, 0, "layers");
        var estimator = DirectionEstimators.Make(estimatorName, seed: seed);
        var directions = DirectionFit.Fit(set, estimator, time: time);
        var ranking = LayerRanking.Compute(set, directions, new RankingOptions { Estimator = estimator, Permutations = permutations, Seed = seed });
        ranking.Save(folder.Root);
        ConfoundAudit.Run(set, ranking).Save(folder.Root);
        DirectionFile.SaveBoth(directions, folder.Vectors);
        progress.Advanced(set.Layers.Length, null);
        var best = ranking.Layers[0];
        progress.Finished(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{set.Layers.Length} layers; best held-out AUC {best.HeldOutAuc:F3} at layer {best.Layer}"));
    }
}
