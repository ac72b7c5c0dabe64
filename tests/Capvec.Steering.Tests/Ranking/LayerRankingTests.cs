using System.Globalization;
using System.Text.Json;
using Capvec.Formats.Errors;
using Capvec.Steering.Estimation;
using Capvec.Steering.Ranking;
using Capvec.Steering.Tests.Data;

namespace Capvec.Steering.Tests.Ranking;

public sealed class LayerRankingTests
{
    [Fact]
    public void Layers_are_ranked_by_held_out_auc_and_written_with_every_figure()
    {
        using var folder = new TemporaryFolder();
        var set = Noise.Make(2, 12, 20, hidden: 6, layers: 3, shift: 2);
        var directions = MeanDifference.Fit(set);
        var ranking = LayerRanking.Compute(set, directions, new RankingOptions { Permutations = 99, Seed = 3 });
        ranking.Layers.Select(l => l.HeldOutAuc).ShouldBeInOrder(SortDirection.Descending);
        ranking.Layers[^1].Layer.ShouldBe(0); // no shift there
        ranking.Save(folder.Path);

        var lines = File.ReadAllLines(folder.File("ranking.csv"));
        lines[0].ShouldBe("layer,auc,margin,n,n_pos,n_neg,auc_held_out,auc_grouped,p_permutation,p_max,residual_norm,auc_low,auc_high,cosine_halves,cosine_next");
        lines.Length.ShouldBe(4);
        var first = ranking.Layers[0];
        var cells = lines[1].Split(',');
        cells[0].ShouldBe($"{first.Layer}");
        cells[3..6].ShouldBe(["32", "12", "20"]);
        double.Parse(cells[2], CultureInfo.InvariantCulture).ShouldBe(directions.At(first.Layer).Margin!.Value, 1e-5);
        double.Parse(cells[6], CultureInfo.InvariantCulture).ShouldBe(first.HeldOutAuc, 1e-6);
        cells[8].ShouldBe("0.010000");
        double.Parse(cells[10], CultureInfo.InvariantCulture).ShouldBe(directions.At(first.Layer).ResidualNorm!.Value, 1e-5);

        using var json = JsonDocument.Parse(File.ReadAllText(folder.File("ranking.json")));
        json.RootElement.GetProperty("permutations").GetInt32().ShouldBe(99);
        json.RootElement.GetProperty("layers")[0].GetProperty("auc_held_out").GetDouble().ShouldBe(first.HeldOutAuc);
        json.RootElement.GetProperty("layers").GetArrayLength().ShouldBe(3);
    }

    [Fact]
    public void Figures_are_written_with_points_whatever_the_language_of_the_machine()
    {
        var before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = new CultureInfo("de-DE");
            var set = Noise.Make(2, 4, 5);
            var csv = LayerRanking.Compute(set, MeanDifference.Fit(set), new RankingOptions { Permutations = 0 }).ToCsv();
            var cells = csv.Split('\n')[1].Split(',');
            cells.Length.ShouldBe(15);
            cells[8..10].ShouldBe(["", ""]); // no permutations asked for
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void The_same_seed_gives_the_same_ranking_and_directions_of_another_model_are_refused()
    {
        var set = Noise.Make(7, 15, 15, hidden: 12, layers: 2, shift: 0.7);
        var options = new RankingOptions { Permutations = 50, Seed = 9, PermuteWithinGroups = true };
        LayerRanking.Compute(set, MeanDifference.Fit(set), options).ToJson().ShouldBe(LayerRanking.Compute(set, MeanDifference.Fit(set), options).ToJson());
        Should.Throw<CapvecException>(() => LayerRanking.Compute(set, MeanDifference.Fit(Noise.Make(1, 2, 2)))).Message.ShouldContain("hidden size 8, the activations 12");
    }
}
