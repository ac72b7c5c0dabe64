using Capvec.Formats.Errors;
using Capvec.Steering.Controls;
using Capvec.Steering.Directions;
using Capvec.Steering.Estimation;
using Capvec.Steering.Tests.Data;

namespace Capvec.Steering.Tests.Controls;

public sealed class RandomDirectionTests
{
    [Fact]
    public void A_seed_gives_one_unit_vector_and_another_seed_another()
    {
        var one = RandomDirection.Unit(256, 7);
        Direction.Length(one).ShouldBe(1, 1e-6);
        RandomDirection.Unit(256, 7).ShouldBe(one);
        Math.Abs(new Direction(0, one).Cosine(new Direction(0, RandomDirection.Unit(256, 8)))).ShouldBeLessThan(0.3);
        Should.Throw<CapvecException>(() => RandomDirection.Unit(0, 1));
    }

    [Fact]
    public void Directions_are_spread_over_the_sphere_without_a_preferred_axis_or_sign()
    {
        const int Draws = 4000;
        var vectors = Enumerable.Range(0, Draws).Select(s => RandomDirection.Unit(3, (ulong)s)).ToList();
        for (var axis = 0; axis < 3; axis++)
        {
            vectors.Average(v => v[axis]).ShouldBe(0, 4 * Math.Sqrt(1 / 3.0 / Draws));
            vectors.Average(v => v[axis] * v[axis]).ShouldBe(1 / 3f, 4 * Math.Sqrt(4 / 45.0 / Draws));
            vectors.Count(v => Math.Abs(v[axis]) < 0.5).ShouldBeInRange((int)(Draws * 0.46), (int)(Draws * 0.54)); // uniform on an axis: Archimedes
        }
    }

    [Fact]
    public void The_control_of_a_set_has_its_layers_lengths_and_margins()
    {
        var set = MeanDifference.Fit(Noise.Make(1, 5, 5, hidden: 64, layers: 3));
        var control = RandomDirection.Like(set, 4);
        control.Layers.ShouldBe(set.Layers);
        control.At(2).Margin.ShouldBe(set.At(2).Margin);
        Math.Abs(control.At(0).Cosine(control.At(1))).ShouldBeLessThan(0.6);
        control.Provenance.Estimator.ShouldBe("random, seed 4");
        Direction.Length(RandomDirection.SameLength([3f, 4, 0], 1)).ShouldBe(5, 1e-5);
    }
}
