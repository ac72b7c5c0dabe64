using Capvec.Steering.Directions;
using Capvec.Tests;

namespace Capvec.Steering.Tests.Exchange;

/// <summary>The vectors of <c>tests/fixtures/exchange</c>: number i of vector n is ((7 n + 5 i) mod 23 - 11) / 8.</summary>
internal static class Pattern
{
    public const int Hidden = 16;

    public static string File(params string[] parts) => Repository.File(["tests", "fixtures", "exchange", .. parts]);

    public static float[] Vector(int n) => [.. Enumerable.Range(0, Hidden).Select(i => ((((7 * n) + (5 * i)) % 23) - 11) / 8f)];

    /// <summary>The set has the vectors <paramref name="numbers"/> at <paramref name="layers"/>: unit to float32, and their own lengths kept.</summary>
    public static void ShouldBe(DirectionSet set, int[] layers, int[] numbers)
    {
        set.Layers.ShouldBe(layers);
        foreach (var (layer, number) in layers.Zip(numbers))
        {
            var length = Direction.Length(Vector(number));
            set.At(layer).Scale.ShouldBe(length, 1e-12);
            // One rounding to float32 of a number below 1.
            set.At(layer).Unit.ToArray().ShouldBe(Vector(number).Select(x => (float)(x / length)), tolerance: 6e-8);
        }
    }
}
