using Capvec.Engine.Loading;
using Capvec.Experiments.Results;
using Capvec.Experiments.Studies;
using Capvec.Formats.Errors;

namespace Capvec.Experiments.Running;

/// <summary>Lists the arms of each stage, base first.</summary>
internal sealed class ArmPlanner(StudyDefinition study, IReadOnlyDictionary<string, LoraAdapter> adapters)
{
    /// <summary>The plain model.</summary>
    public static TrialArm Base { get; } = new() { Name = StudyReader.Base, Kind = ArmKind.Base };

    /// <summary>Arms whose traces make the direction.</summary>
    public IReadOnlyList<TrialArm> Collect() => [.. study.Collect.Arms.OrderByDescending(a => a == StudyReader.Base).Select(a => a == StudyReader.Base ? Base : Adapter(a))];

    /// <summary>Base and every layer and strength that the selection tries.</summary>
    /// <param name="plan">The selection, by a sweep.</param>
    /// <param name="ranking">Layers, best first.</param>
    /// <param name="directions">Makes the arms.</param>
    public IReadOnlyList<TrialArm> Selection(SelectionPlan plan, IReadOnlyList<LayerRank> ranking, LayerDirections directions)
    {
        var layers = SelectionRules.Candidates(plan, ranking).Take(plan.MaxLayers ?? int.MaxValue).Order();
        return [Base, .. from layer in layers from strength in plan.Strengths select directions.Steered(layer, strength)];
    }

    /// <summary>The arms that count.</summary>
    /// <param name="candidate">What was chosen, or null without a selection.</param>
    /// <param name="directions">Makes the arms.</param>
    /// <param name="known">Layers that there are.</param>
    public IReadOnlyList<TrialArm> Test(Candidate? candidate, LayerDirections directions, IReadOnlyList<int> known)
    {
        var layers = study.Sweep.Layers ?? [candidate!.Layer];
        var strengths = study.Sweep.Strengths ?? [candidate!.Strength!.Value];
        var written = study.Sweep.Steering.Select(directions.Written).ToList();
        foreach (var layer in layers.Concat(study.Sweep.MultiLayer.SelectMany(m => m.Layers)))
        {
            if (!known.Contains(layer))
                throw new CapvecException($"the study steers layer {layer}, but {study.Model} has blocks 0 to {known.Max()}; mend sweep.layers or sweep.multi_layer.");
        }

        var arms = new List<TrialArm> { Base };
        if (study.Controls.AgainstItself)
            arms.Add(Base with { Name = "base again", Kind = ArmKind.AgainstItself, SeedStream = "again" });
        arms.AddRange(study.Sweep.Adapters.Select(Adapter));
        if (study.Controls.AlphaZero)
            arms.Add(directions.AlphaZero(layers.Count > 0 ? layers[0] : written[0].Layers[0]));
        var points = (from layer in layers from strength in strengths select (layer, strength)).ToList();
        arms.AddRange(points.Select(p => directions.Steered(p.layer, p.strength)));
        arms.AddRange(study.Sweep.MultiLayer.Select(directions.Several));
        arms.AddRange(written);
        if (study.Controls.Random)
            arms.AddRange([.. points.Select(p => directions.Random(p.layer, p.strength)), .. written.Select(directions.Random)]);
        // A point whose reverse is among the points has its reversed arm already.
        if (study.Controls.Negative)
            arms.AddRange(points.Where(p => !points.Contains((p.layer, -p.strength))).Select(p => directions.Negative(p.layer, p.strength)));
        return arms;
    }

    private TrialArm Adapter(string name) => new() { Name = name, Kind = ArmKind.Adapter, Adapter = adapters[name] };
}
