using Capvec.Formats.Errors;
using Capvec.Steering.Estimation;
using Capvec.Steering.Ranking;
using Capvec.Steering.Tests.Data;

namespace Capvec.Steering.Tests.Ranking;

public class EstimatorComparisonTests
{
    [Fact]
    public void Each_estimator_has_the_figures_of_its_ranking_and_shuffled_labels_have_none()
    {
        var set = Noise.Make(3, 40, 40, hidden: 16, layers: 2, shift: 3);
        var names = DirectionEstimators.Names;
        var scores = EstimatorComparison.Run(set, names.Select(name => DirectionEstimators.Make(name, seed: 5)), 30, 5);
        scores.Select(s => s.Estimator).ShouldBe(names);
        foreach (var name in new[] { "mean-difference", "logistic", "lda" })
        {
            var score = scores.Single(s => s.Estimator == name);
            var estimator = DirectionEstimators.Make(name);
            var ranking = LayerRanking.Compute(set, DirectionFit.Fit(set, estimator), new RankingOptions { Estimator = estimator, Permutations = 0 });
            foreach (var layer in ranking.Layers)
                score.HeldOutAuc[layer.Layer].ShouldBe(layer.HeldOutAuc);
            // Layer 0 is noise, layer 1 has the shift.
            score.HeldOutAuc[1].ShouldBeGreaterThan(0.9);
            score.ShuffledHighest[1].ShouldBeLessThan(score.HeldOutAuc[1]);
        }

        // 30 shuffles of 80 traces: an AUC of noise has a deviation of 0.065, their mean of 0.012; leaving out biases it a little below 0.5.
        scores.ShouldAllBe(s => s.ShuffledMean.All(auc => auc > 0.4 && auc < 0.56));
        scores.ShouldAllBe(s => s.ShuffledMean.Zip(s.ShuffledHighest).All(pair => pair.First < pair.Second));
        Should.Throw<CapvecException>(() => EstimatorComparison.Run(set, [], 0, 1)).Message.ShouldContain("0 shuffles");
    }
}
