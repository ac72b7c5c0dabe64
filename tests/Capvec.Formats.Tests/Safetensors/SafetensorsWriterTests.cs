using Capvec.Formats.Errors;
using Capvec.Formats.Safetensors;
using Capvec.Formats.Tensors;
using Capvec.Formats.Tests.Files;
using FsCheck;
using FsCheck.Fluent;

namespace Capvec.Formats.Tests.Safetensors;

public sealed class SafetensorsWriterTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_is_written_is_read_back_bit_for_bit() => Prop.ForAll(
        ArbMap.Default.ArbFor<(NonNull<string> Name, float[] Floats, long[] Longs, Dictionary<NonNull<string>, NonNull<string>> Notes)>(),
        x =>
        {
            var path = _folder.File("x.safetensors");
            var name = new string([.. x.Name.Get.Where(c => !char.IsSurrogate(c))]);
            var writer = new SafetensorsWriter().Add("f" + name, [1, x.Floats.Length], x.Floats).AddInt64("i" + name, [x.Longs.Length], x.Longs);
            foreach (var (key, value) in x.Notes)
                writer.Metadata[new string([.. key.Get.Where(c => !char.IsSurrogate(c))])] = new string([.. value.Get.Where(c => !char.IsSurrogate(c))]);
            writer.Write(path);
            using var file = SafetensorsFile.Open(path);
            return file.ReadInt64("i" + name).SequenceEqual(x.Longs)
                && file.ReadFloat32("f" + name).Select(BitConverter.SingleToInt32Bits).SequenceEqual(x.Floats.Select(BitConverter.SingleToInt32Bits))
                && file.Metadata.OrderBy(p => p.Key, StringComparer.Ordinal).SequenceEqual(writer.Metadata)
                && file.Tensors.Values.All(t => t.Offset % 4 == 0);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void The_same_content_gives_the_same_bytes_whatever_the_order_of_adding()
    {
        new SafetensorsWriter { Metadata = { ["z"] = "1", ["a"] = "ü" } }.Add("b", [2], new float[] { 1, 2 }).AddBFloat16("a", [1], new float[] { 3 }).Write(_folder.File("1"));
        new SafetensorsWriter { Metadata = { ["a"] = "ü", ["z"] = "1" } }.AddBFloat16("a", [1], new float[] { 3 }).Add("b", [2], new float[] { 1, 2 }).Write(_folder.File("2"));
        File.ReadAllBytes(_folder.File("1")).ShouldBe(File.ReadAllBytes(_folder.File("2")));
    }

    [Theory]
    [InlineData(1f, 1f)]
    [InlineData(1.00390625f, 1f)] // halfway between 1 and the next bfloat16: to even
    [InlineData(1.01171875f, 1.015625f)] // halfway, the even neighbour is above
    [InlineData(3.4e38f, float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity, float.NegativeInfinity)]
    [InlineData(float.NaN, float.NaN)]
    public void Bfloat16_is_rounded_to_nearest_even(float value, float expected)
    {
        var path = _folder.File("b.safetensors");
        new SafetensorsWriter().AddBFloat16("x", [1], new[] { value }).Write(path);
        using var file = SafetensorsFile.Open(path);
        file.ReadFloat32("x")[0].ShouldBe(expected);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(70_000)]
    public void Rows_are_asked_for_in_order_and_written_in_each_type(int rows)
    {
        // 70,000 rows of 8 are more than one chunk.
        static float Value(long i) => (i % 2001) - 1000;
        void Fill(long first, Span<float> to)
        {
            for (var i = 0; i < to.Length; i++)
                to[i] = Value((first * 8) + i);
        }

        var path = _folder.File("rows.safetensors");
        new SafetensorsWriter().AddRows("f32", ElementType.F32, [rows, 8], Fill).AddRows("f16", ElementType.F16, [rows, 2, 4], (first, to) => Fill(first / 2, to))
            .AddRows("none", ElementType.F32, [0, 8], Fill).AddRaw("raw", ElementType.U8, [rows, 8], (first, to) =>
            {
                for (var i = 0; i < to.Length; i++)
                    to[i] = (byte)((first * 8) + i);
            }).Write(path);
        using var file = SafetensorsFile.Open(path);
        var expected = Enumerable.Range(0, rows * 8).Select(i => Value(i)).ToArray();
        file.ReadFloat32("f32").AsSpan().SequenceEqual(expected).ShouldBeTrue();
        file.ReadFloat32("f16").AsSpan().SequenceEqual(expected).ShouldBeTrue();
        file.ReadFloat32("none").ShouldBeEmpty();
        file.ReadInt64("raw").ShouldBe(Enumerable.Range(0, rows * 8).Select(i => (long)(byte)i));
    }

    [Fact]
    public void What_half_precision_cannot_hold_is_refused_by_name()
    {
        var writer = new SafetensorsWriter().AddRows("big", ElementType.F16, [1], (_, to) => to.Fill(70_000));
        Should.Throw<CapvecException>(() => writer.Write(_folder.File("x"))).Message.ShouldContain("tensor 'big' has the value 70000");
        Should.Throw<ArgumentException>(() => new SafetensorsWriter().AddRows("x", ElementType.I64, [1], (_, _) => { }));
    }

    [Fact]
    public void A_shape_that_does_not_hold_the_values_is_a_mistake_of_the_caller()
    {
        Should.Throw<ArgumentException>(() => new SafetensorsWriter().Add("x", [3], new float[2]));
        Should.Throw<ArgumentException>(() => new SafetensorsWriter().Add("x", [2], new float[2]).Add("x", [2], new float[2]));
    }
}
