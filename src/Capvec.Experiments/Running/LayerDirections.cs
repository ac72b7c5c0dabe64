using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Capvec.Engine.Interventions;
using Capvec.Experiments.Randomness;
using Capvec.Experiments.Results;
using Capvec.Experiments.Studies;
using Capvec.Formats.Errors;
using Capvec.Steering.Controls;
using Capvec.Steering.Directions;

namespace Capvec.Experiments.Running;

/// <summary>Makes steered arms and their controls from a direction set.</summary>
internal sealed class LayerDirections(DirectionSet set, StrengthScale unit, ulong seed, string folder = "")
{
    /// <summary>The direction at a layer and strength.</summary>
    public TrialArm Steered(int layer, double strength) => Arm(ArmKind.Steered, Name(layer, strength), layer, strength, set.At(layer).Unit);

    /// <summary>The direction reversed.</summary>
    public TrialArm Negative(int layer, double strength) => Arm(ArmKind.Negative, Name(layer, -strength), layer, -strength, set.At(layer).Unit);

    /// <summary>A random direction of the same length; one random direction a layer, whatever the strength.</summary>
    public TrialArm Random(int layer, double strength) =>
        Arm(ArmKind.Random, string.Create(CultureInfo.InvariantCulture, $"L{layer} random x{strength:0.####}"), layer, strength, RandomDirection.Unit(set.Hidden, Seeds.Derive(seed, "random", Text(layer))));

    /// <summary>The steering code with strength 0.</summary>
    public TrialArm AlphaZero(int layer) => Arm(ArmKind.AlphaZero, Name(layer, 0), layer, 0, set.At(layer).Unit);

    /// <summary>Several layers at once, each with its own direction.</summary>
    public TrialArm Several(LayerSet layers) => new()
    {
        Name = string.Create(CultureInfo.InvariantCulture, $"L{Ranges(layers.Layers)} x{layers.Strength:0.####}"),
        Kind = ArmKind.Steered,
        Layers = layers.Layers,
        Strength = layers.Strength,
        Steering = new SteeringPlan([.. layers.Layers.Select(l => new Intervention(SteeringOperation.Add, l, set.At(l).Unit, Alpha(l, layers.Strength)))]),
    };

    /// <summary>Steering that the study writes out.</summary>
    /// <exception cref="CapvecException">It does not fit the model, or names a file that is no direction set.</exception>
    public TrialArm Written(SteeredArm arm)
    {
        var plan = arm.Steering.Resolve(
            source => source == SteeredArm.OwnDirections ? set : DirectionFile.Load(Path.GetFullPath(source, folder)), set.Directions[^1].Layer + 1, set.Hidden, $"sweep.steering '{arm.Name}'");
        return new TrialArm { Name = arm.Name, Kind = ArmKind.Steered, Layers = [.. plan.Interventions.Select(i => i.Layer).Distinct().Order()], Steering = plan };
    }

    /// <summary>The same interventions with a random direction in place of each: one that acts in several places is replaced by the same one. Gates stay as they are.</summary>
    public TrialArm Random(TrialArm written) => written with
    {
        Name = RandomName(written.Name),
        Kind = ArmKind.Random,
        Steering = new SteeringPlan([.. written.Steering.Interventions.Select(i => i.WithDirection(RandomDirection.Unit(set.Hidden, Seeds.Derive(seed, "random", Convert.ToHexString(SHA256.HashData(MemoryMarshal.AsBytes(i.Direction)))))))]),
    };

    /// <summary>What the random twin of a written arm is called.</summary>
    public static string RandomName(string written) => $"{written}, random";

    private static string Name(int layer, double strength) => string.Create(CultureInfo.InvariantCulture, $"L{layer} x{strength:0.####}");

    /// <summary>"4-10" for blocks that follow each other, "1-3+7" else.</summary>
    private static string Ranges(IReadOnlyList<int> layers)
    {
        var parts = new List<string>();
        for (var i = 0; i < layers.Count; i++)
        {
            var first = i;
            while (i + 1 < layers.Count && layers[i + 1] == layers[i] + 1)
                i++;
            parts.Add(first == i ? Text(layers[i]) : $"{Text(layers[first])}-{Text(layers[i])}");
        }

        return string.Join('+', parts);
    }

    private static string Text(int layer) => layer.ToString(CultureInfo.InvariantCulture);

    private TrialArm Arm(ArmKind kind, string name, int layer, double strength, ReadOnlySpan<float> direction)
    {
        var alpha = Alpha(layer, strength);
        return new TrialArm
        {
            Name = name,
            Kind = kind,
            Layers = ImmutableArray.Create(layer),
            Strength = strength,
            Alpha = alpha,
            Steering = SteeringPlan.Add(layer, direction, alpha),
        };
    }

    private float Alpha(int layer, double strength) => StrengthAlpha.Of(set.At(layer), strength, unit);
}
