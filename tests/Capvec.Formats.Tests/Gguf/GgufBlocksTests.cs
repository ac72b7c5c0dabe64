using System.Runtime.InteropServices;
using Capvec.Formats.Gguf;
using Capvec.Tests;

namespace Capvec.Formats.Tests.Gguf;

/// <summary>Blocks against what ggml's own dequantiser makes of them, bit for bit.</summary>
public sealed class GgufBlocksTests
{
    public static TheoryData<GgufType> Types => [.. Enum.GetValues<GgufType>().Where(t => t != GgufType.F32)];

    [Theory]
    [MemberData(nameof(Types))]
    public void Blocks_decode_to_the_same_bits_as_the_reference(GgufType type)
    {
        foreach (var kind in new[] { "random", "quant" })
        {
            var blocks = Read($"{type}.{kind}.bin");
            var expected = MemoryMarshal.Cast<byte, float>(Read($"{type}.{kind}.f32"));
            var actual = new float[expected.Length];
            GgufBlocks.Dequantize(type, blocks, actual);
            ShouldBeSameBits(actual, expected, $"{type}.{kind}");
        }
    }

    [Fact]
    public void Blocks_that_do_not_fit_the_destination_are_refused()
    {
        Should.Throw<ArgumentException>(() => GgufBlocks.Dequantize(GgufType.Q8_0, new byte[34], new float[31]));
        Should.Throw<ArgumentException>(() => GgufBlocks.Dequantize(GgufType.Q8_0, new byte[33], new float[32]));
        Should.Throw<ArgumentException>(() => GgufBlocks.Dequantize(GgufType.Q6_K, new byte[210], new float[512]));
    }

    [Theory]
    [InlineData(GgufType.Q4_0)]
    [InlineData(GgufType.Q4_1)]
    [InlineData(GgufType.Q5_0)]
    [InlineData(GgufType.Q5_1)]
    [InlineData(GgufType.Q8_0)]
    [InlineData(GgufType.F16)]
    [InlineData(GgufType.BF16)]
    public void Values_encode_to_the_same_bytes_as_the_reference(GgufType type)
    {
        var expected = Read($"{type}.quant.bin");
        var actual = new byte[expected.Length];
        GgufBlocks.Quantize(type, MemoryMarshal.Cast<byte, float>(Read("source.f32")), actual);
        actual.ShouldBe(expected);
    }

    [Theory]
    [InlineData(GgufType.Q4_K, 1.11)]
    [InlineData(GgufType.Q6_K, 1.05)]
    public void Large_blocks_lose_little_more_than_the_reference(GgufType type, double most)
    {
        var source = MemoryMarshal.Cast<byte, float>(Read("source.f32"));
        var blocks = new byte[source.Length / 256 * type.BlockBytes()];
        GgufBlocks.Quantize(type, source, blocks);
        var decoded = new float[source.Length];
        GgufBlocks.Dequantize(type, blocks, decoded);
        var reference = MemoryMarshal.Cast<byte, float>(Read($"{type}.quant.f32"));
        (RootMeanSquare(source, decoded) / RootMeanSquare(source, reference)).ShouldBeLessThan(most);
    }

    [Fact]
    public void Values_on_the_grid_of_large_blocks_come_back_exactly()
    {
        // Part p has the scale (p + 56) d with d = 1/64, and odd parts begin two steps below 0, so that all scales and minima are whole numbers up to 63.
        var values = new float[256];
        for (var i = 0; i < 256; i++)
            values[i] = ((i / 32) + 56) / 64f * ((i % 16) - (i / 32 % 2 == 1 ? 2 : 0));
        ShouldSurvive(GgufType.Q4_K, values);
        for (var i = 0; i < 256; i++)
            values[i] = -(128 - (8 * (i / 16))) / 64f * ((i % 16 * 2) - 32);
        ShouldSurvive(GgufType.Q6_K, values);
        ShouldSurvive(GgufType.Q4_K, new float[256]);
        ShouldSurvive(GgufType.Q6_K, new float[256]);
    }

    private static void ShouldSurvive(GgufType type, float[] values)
    {
        var blocks = new byte[type.BlockBytes()];
        GgufBlocks.Quantize(type, values, blocks);
        var decoded = new float[256];
        GgufBlocks.Dequantize(type, blocks, decoded);
        decoded.ShouldBe(values);
    }

    private static double RootMeanSquare(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        var sum = 0.0;
        for (var i = 0; i < a.Length; i++)
            sum += Math.Pow(a[i] - b[i], 2);
        return Math.Sqrt(sum / a.Length);
    }

    private static byte[] Read(string name) => File.ReadAllBytes(Repository.File("tests", "fixtures", "gguf", "quants", name));

    private static void ShouldBeSameBits(ReadOnlySpan<float> actual, ReadOnlySpan<float> expected, string where)
    {
        for (var i = 0; i < expected.Length; i++)
        {
            if (!float.IsNaN(expected[i]) || !float.IsNaN(actual[i]))
                BitConverter.SingleToUInt32Bits(actual[i]).ShouldBe(BitConverter.SingleToUInt32Bits(expected[i]), $"{where}[{i}]");
        }
    }
}
