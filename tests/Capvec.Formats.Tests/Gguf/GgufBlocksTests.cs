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
