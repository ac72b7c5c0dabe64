using Capvec.Formats.Tensors;

namespace Capvec.Formats.Tests.Tensors;

public sealed class ElementConversionTests
{
    [Theory]
    [InlineData(0x00, 0f)]
    [InlineData(0x01, 0.001953125f)]
    [InlineData(0x07, 0.013671875f)]
    [InlineData(0x08, 0.015625f)]
    [InlineData(0x38, 1f)]
    [InlineData(0x3C, 1.5f)]
    [InlineData(0x7E, 448f)]
    [InlineData(0x7F, float.NaN)]
    [InlineData(0xB0, -0.5f)]
    [InlineData(0xFF, float.NaN)]
    public void E4m3_has_a_bias_of_7_subnormals_and_no_infinities(int bits, float expected) => Convert(ElementType.F8E4M3, bits).ShouldBe(expected);

    [Theory]
    [InlineData(0x01, 0.0000152587890625f)]
    [InlineData(0x3C, 1f)]
    [InlineData(0x7B, 57344f)]
    [InlineData(0x7C, float.PositiveInfinity)]
    [InlineData(0x7D, float.NaN)]
    [InlineData(0xC4, -4f)]
    public void E5m2_is_the_upper_half_of_a_half(int bits, float expected) => Convert(ElementType.F8E5M2, bits).ShouldBe(expected);

    [Fact]
    public void Larger_bit_patterns_of_8_bits_are_larger_values()
    {
        for (var bits = 0; bits < 0x7E; bits++)
            Convert(ElementType.F8E4M3, bits + 1).ShouldBeGreaterThan(Convert(ElementType.F8E4M3, bits));
        for (var bits = 0; bits < 0x7C; bits++)
            Convert(ElementType.F8E5M2, bits + 1).ShouldBeGreaterThan(Convert(ElementType.F8E5M2, bits));
        BitConverter.SingleToUInt32Bits(Convert(ElementType.F8E4M3, 0x80)).ShouldBe(0x80000000u);
    }

    private static float Convert(ElementType type, int bits)
    {
        var value = new float[1];
        ElementConversion.ToSingle(type, [(byte)bits], value);
        return value[0];
    }
}
