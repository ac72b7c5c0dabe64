using System.Buffers.Binary;
using System.Text;
using Capvec.Formats.Errors;
using Capvec.Formats.Safetensors;
using Capvec.Formats.Tensors;
using Capvec.Formats.Tests.Files;

namespace Capvec.Formats.Tests.Safetensors;

public sealed class SafetensorsFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_float_type_reads_as_float32()
    {
        var data = new byte[8 + 2 + 2 + 4];
        BinaryPrimitives.WriteDoubleLittleEndian(data, -1.5);
        BinaryPrimitives.WriteHalfLittleEndian(data.AsSpan(8), (Half)0.25f);
        BinaryPrimitives.WriteUInt16LittleEndian(data.AsSpan(10), 0xC2F7);
        BinaryPrimitives.WriteSingleLittleEndian(data.AsSpan(12), 3.0e38f);
        using var file = SafetensorsFile.Open(Raw("""
            {"d":{"dtype":"F64","shape":[],"data_offsets":[0,8]},"h":{"dtype":"F16","shape":[1],"data_offsets":[8,10]},
             "b":{"dtype":"BF16","shape":[1,1],"data_offsets":[10,12]},"f":{"dtype":"F32","shape":[1],"data_offsets":[12,16]},
             "none":{"dtype":"F32","shape":[0,7],"data_offsets":[16,16]}}   
            """.Trim('\n'), data));
        file.ReadFloat32("d").ShouldBe([-1.5f]);
        file.ReadFloat32("h").ShouldBe([0.25f]);
        file.ReadFloat32("b").ShouldBe([-123.5f]);
        file.ReadFloat32("f").ShouldBe([3.0e38f]);
        file.ReadFloat32("none").ShouldBeEmpty();
        file.Tensors["b"].ShouldBe(new SafetensorsTensor("b", ElementType.BF16, file.Tensors["b"].Shape, file.Tensors["b"].Offset, 2));
        file.Tensors["b"].Shape.ShouldBe([1L, 1]);
    }

    [Fact]
    public void Integers_and_booleans_read_as_int64_and_nothing_reads_as_the_other_kind()
    {
        var data = new byte[] { 254, 255, 255, 255, 1, 0, 200, 1 };
        using var file = SafetensorsFile.Open(Raw("""
            {"i":{"dtype":"I32","shape":[1],"data_offsets":[0,4]},"o":{"dtype":"BOOL","shape":[2],"data_offsets":[4,6]},
            "u":{"dtype":"U8","shape":[1],"data_offsets":[6,7]},"x":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[7,8]}}
            """, data));
        file.ReadInt64("i").ShouldBe([-2L]);
        file.ReadInt64("o").ShouldBe([1L, 0]);
        file.ReadInt64("u").ShouldBe([200L]);
        Should.Throw<CapvecException>(() => file.ReadFloat32("i")).Message.ShouldContain("tensor 'i' is I32; expected F32");
        Should.Throw<CapvecException>(() => file.ReadInt64("x")).Message.ShouldContain("F8_E4M3");
        Should.Throw<CapvecException>(() => file.ReadFloat32("nope")).Message.ShouldContain("has no tensor 'nope'");
        var raw = new byte[1];
        file.ReadRaw("x", raw);
        raw.ShouldBe([(byte)1]);
        Should.Throw<ArgumentOutOfRangeException>(() => file.ReadRaw("x", new byte[1], 1));
    }

    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""", 4, "tensor 'a' has 4 bytes, but F32 of shape [2] takes 8")]
    [InlineData("""{"a":{"dtype":"F31","shape":[1],"data_offsets":[0,4]}}""", 4, "dtype 'F31'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}}""", 6, "'a' and 'b' overlap")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "4 bytes before tensor 'a'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 9, "5 bytes at the end")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4, "'a' occurs twice")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"shape":[1],"data_offsets":[0,4]}}""", 4, "'a' has shape twice")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}""", 4, "[4, 0]")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}""", 4, "data_offsets [0]")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""", 4, "shape holds something")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}""", 4, "shape holds something")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,4]}}""", 4, "more than 2^63")]
    [InlineData("""{"a":{"dtype":"F32","data_offsets":[0,4]}}""", 4, "'a' lacks shape")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"extra":1}}""", 4, "unknown field 'extra'")]
    [InlineData("""{"a":3}""", 0, "'a' is not an object")]
    [InlineData("""{"__metadata__":{"k":3}}""", 0, "__metadata__ 'k' is not a string")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}} x""", 4, "not valid JSON")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}""", 4, "not valid JSON")]
    [InlineData(""" {}""", 0, "does not begin with '{'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[9223372036854775803,9223372036854775807]}}""", 4, "beyond any file")]
    public void A_broken_header_is_refused_with_the_field_named(string header, int dataLength, string expected)
    {
        var path = Raw(header, new byte[dataLength]);
        var message = Should.Throw<CapvecException>(() => SafetensorsFile.Open(path)).Message;
        message.ShouldContain(expected);
        message.ShouldStartWith(path);
    }

    [Fact]
    public void A_file_cut_at_any_byte_is_refused_in_one_line_and_never_read()
    {
        var whole = _folder.File("whole.safetensors");
        new SafetensorsWriter().Add("first", [3], new float[] { 1, 2, 3 }).Add("second", [2, 2], new float[] { 1, 2, 3, 4 }).Write(whole);
        var bytes = File.ReadAllBytes(whole);
        for (var length = 0; length < bytes.Length; length++)
        {
            var path = _folder.Write("cut.safetensors", bytes[..length]);
            var message = Should.Throw<CapvecException>(() => SafetensorsFile.Open(path)).Message;
            message.ShouldContain($"truncated: it has {length} bytes");
            message.ShouldNotContain('\n');
        }

        var last = _folder.Write("last.safetensors", bytes[..^1]);
        Should.Throw<CapvecException>(() => SafetensorsFile.Open(last)).Message.ShouldContain($"describes {bytes.Length} (the first tensor that is cut is 'second')");
    }

    [Fact]
    public void A_file_with_any_bytes_changed_reads_or_is_refused_and_never_throws_anything_else()
    {
        var path = _folder.File("whole.safetensors");
        new SafetensorsWriter { Metadata = { ["key"] = "välue" } }.Add("first", [3], new float[] { 1, 2, 3 }).AddInt64("second", [2, 1], new long[] { 1, 2 }).Write(path);
        var whole = File.ReadAllBytes(path);
        var random = new Random(3);
        for (var i = 0; i < 3000; i++)
        {
            var changed = whole.ToArray();
            for (var k = 0; k <= i % 3; k++)
                changed[random.Next(changed.Length)] = (byte)random.Next(256);
            try
            {
                using var file = SafetensorsFile.Open(_folder.Write("changed.safetensors", changed));
                foreach (var tensor in file.Tensors.Values.Where(t => t.Dtype.IsFloat()))
                    file.ReadFloat32(tensor.Name).LongLength.ShouldBe(tensor.Count);
            }
            catch (CapvecException)
            {
                // The other allowed outcome.
            }
        }
    }

    [Fact]
    public void A_header_length_beyond_the_limit_is_refused_without_allocating_it()
    {
        var bytes = new byte[64];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, ulong.MaxValue);
        Should.Throw<CapvecException>(() => SafetensorsFile.Open(_folder.Write("huge.safetensors", bytes))).Message.ShouldContain("18446744073709551615");
        Should.Throw<CapvecException>(() => SafetensorsFile.Open(_folder.File("absent.safetensors"))).Message.ShouldContain("does not exist");
    }

    [Fact]
    public void Parts_of_a_tensor_read_the_same_as_the_whole_over_chunk_borders()
    {
        var values = new float[1_500_001];
        for (var i = 0; i < values.Length; i++)
            values[i] = i % 251;
        var path = _folder.File("large.safetensors");
        new SafetensorsWriter().AddBFloat16("x", [values.Length], values).Write(path);
        using var file = SafetensorsFile.Open(path);
        file.ReadFloat32("x").AsSpan().SequenceEqual(values).ShouldBeTrue();
        var part = new float[700_003];
        file.ReadFloat32("x", 600_001, part);
        part.AsSpan().SequenceEqual(values.AsSpan(600_001, part.Length)).ShouldBeTrue();
        Should.Throw<ArgumentOutOfRangeException>(() => file.ReadFloat32("x", 1_000_000, part));
    }

    private string Raw(string header, byte[] data)
    {
        var json = Encoding.UTF8.GetBytes(header);
        var bytes = new byte[8 + json.Length + data.Length];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, json.Length);
        json.CopyTo(bytes, 8);
        data.CopyTo(bytes, 8 + json.Length);
        return _folder.Write("raw.safetensors", bytes);
    }
}
