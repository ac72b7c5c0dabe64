using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Capvec.Formats.Errors;
using Capvec.Formats.Gguf;
using Capvec.Tests;

namespace Capvec.Formats.Tests.Gguf;

/// <summary>expected.json says what each fixture must read as, or that it must be refused.</summary>
public sealed class GgufContainerTests
{
    private static readonly JsonDocument Expected = JsonDocument.Parse(File.ReadAllText(Fixture("expected.json")));

    public static TheoryData<string> Readable => [.. Names("reads")];

    public static TheoryData<string> Refused => [.. Names("refused")];

    [Theory]
    [MemberData(nameof(Readable))]
    public void A_good_file_reads_with_all_metadata_and_tensors(string name)
    {
        var row = Expected.RootElement.GetProperty(name);
        using var file = GgufFile.Open(Fixture(name));
        file.Version.ShouldBe(row.GetProperty("version").GetInt32());
        file.Alignment.ShouldBe(row.GetProperty("alignment").GetInt32());
        file.DataStart.ShouldBe(row.GetProperty("data_start").GetInt64());
        file.Metadata.Values.Count.ShouldBe(row.GetProperty("kv").GetArrayLength());
        foreach (var (actual, entry) in file.Metadata.Values.Zip(row.GetProperty("kv").EnumerateArray()))
        {
            actual.Key.ShouldBe(entry[0].GetString());
            Value(actual.Value, entry[1].GetString()!, entry[2].GetString(), entry[3], actual.Key);
        }

        file.Tensors.Count.ShouldBe(row.GetProperty("tensors").GetArrayLength());
        foreach (var (actual, entry) in file.Tensors.Values.Zip(row.GetProperty("tensors").EnumerateArray()))
        {
            actual.Name.ShouldBe(entry.GetProperty("name").GetString());
            actual.Type.ToString().ShouldBe(entry.GetProperty("type").GetString());
            actual.Dimensions.ShouldBe(entry.GetProperty("ne").EnumerateArray().Select(n => n.GetInt64()));
            actual.Shape.ShouldBe(actual.Dimensions.Reverse());
            (actual.Offset - file.DataStart).ShouldBe(entry.GetProperty("offset").GetInt64());
            MemoryMarshal.AsBytes<float>(file.ReadFloat32(actual.Name)).SequenceEqual(entry.GetProperty("f32").GetBytesFromBase64()).ShouldBeTrue(actual.Name);
        }
    }

    [Theory]
    [MemberData(nameof(Refused))]
    public void A_bad_file_is_refused_in_one_line_that_begins_with_its_name(string name)
    {
        var message = Should.Throw<CapvecException>(() => GgufFile.Open(Fixture(name))).Message;
        message.ShouldStartWith(Fixture(name));
        message.ShouldNotContain('\n');
    }

    [Theory]
    [InlineData("nested_array.gguf", "'t.nested' is an array of arrays")]
    [InlineData("big_endian.gguf", "big-endian")]
    [InlineData("version_1.gguf", "version 1; versions 2 and 3")]
    [InlineData("version_4.gguf", "version 4; versions 2 and 3")]
    [InlineData("bad_magic.gguf", "does not begin with 'GGUF'")]
    [InlineData("truncated_data.gguf", "truncated: it has 12280 bytes, tensor 'output_norm.weight' ends at")]
    [InlineData("truncated_header.gguf", "'t.str.long' is a string of 5000 bytes, but only")]
    [InlineData("empty.gguf", "truncated: it has 0 bytes")]
    [InlineData("magic_only.gguf", "ends inside the version")]
    [InlineData("huge_kv_count.gguf", "the number of metadata entries is 4611686018427387904")]
    [InlineData("huge_tensor_count.gguf", "the number of tensors is 4611686018427387904")]
    [InlineData("huge_string.gguf", "key 0 of 37 is a string of 9223372036854775808 bytes")]
    [InlineData("huge_array.gguf", "the number of elements of 'a.b' is 1099511627776")]
    [InlineData("bad_value_type.gguf", "'a.b' has the value type 13")]
    [InlineData("duplicate_key.gguf", "the key 'general.file_type' occurs twice")]
    [InlineData("duplicate_tensor.gguf", "the tensor 'a.one' occurs twice")]
    [InlineData("alignment_48.gguf", "general.alignment is 48 (UInt32)")]
    [InlineData("alignment_type.gguf", "general.alignment is 32 (UInt64)")]
    [InlineData("offset_misaligned.gguf", "tensor 'a.five' has the offset 4;")]
    [InlineData("offset_outside.gguf", "from byte 1099511627776 of the data")]
    [InlineData("offset_overlap.gguf", "tensor 'a.five' has the offset 0;")]
    [InlineData("offset_gap.gguf", "tensor 'a.five' has the offset 64; the one before it ends so that 32 is next")]
    [InlineData("name_64.gguf", "longer than 63 bytes")]
    [InlineData("ne_overflow.gguf", "tensor 'w' has 8 as dimension 2")]
    [InlineData("ne_negative.gguf", "18446744073709551612 as dimension 0")]
    [InlineData("dims_5.gguf", "tensor 'w' has 5 dimensions")]
    [InlineData("partial_block.gguf", "rows of 33 elements; rows of Q8_0 are multiples of 32")]
    [InlineData("type_removed.gguf", "type 4 (Q4_2, removed from the format)")]
    [InlineData("type_unknown.gguf", "type 999 (unknown)")]
    public void A_refusal_names_the_field(string name, string reason) =>
        Should.Throw<CapvecException>(() => GgufFile.Open(Fixture(name))).Message.ShouldContain(reason);

    [Fact]
    public void Every_refused_fixture_has_its_reason_checked() =>
        typeof(GgufContainerTests).GetMethod(nameof(A_refusal_names_the_field))!.GetCustomAttributesData()
            .Where(a => a.AttributeType == typeof(InlineDataAttribute))
            .Select(a => (string)((IReadOnlyList<System.Reflection.CustomAttributeTypedArgument>)a.ConstructorArguments[0].Value!)[0].Value!)
            .ShouldBe(Names("refused"), ignoreOrder: true);

    private static IEnumerable<string> Names(string outcome) =>
        Expected.RootElement.EnumerateObject().Where(p => p.Value.GetProperty("outcome").GetString() == outcome).Select(p => p.Name);

    private static string Fixture(string name) => Repository.File("tests", "fixtures", "gguf", "container", name);

    private static void Value(object actual, string type, string? elementType, JsonElement expected, string key)
    {
        if (type != "ARRAY")
        {
            Scalar(actual, type, expected, key);
            return;
        }

        var items = actual.ShouldBeAssignableTo<Array>(key)!;
        items.Length.ShouldBe(expected.GetArrayLength(), key);
        items.GetType().GetElementType().ShouldBe(ClrType(elementType!), key);
        for (var i = 0; i < items.Length; i++)
            Scalar(items.GetValue(i)!, elementType!, expected[i], $"{key}[{i}]");
    }

    private static void Scalar(object actual, string type, JsonElement expected, string key)
    {
        actual.GetType().ShouldBe(ClrType(type), key);
        object wanted = type switch
        {
            "STRING" => expected.GetString()!,
            "BOOL" => expected.GetBoolean(),
            "UINT64" => expected.GetUInt64(),
            "FLOAT32" => (float)Float(expected),
            "FLOAT64" => Float(expected),
            _ => Convert.ChangeType(expected.GetInt64(), actual.GetType(), CultureInfo.InvariantCulture),
        };
        actual.ShouldBe(wanted, key);
    }

    private static double Float(JsonElement value) => value.ValueKind == JsonValueKind.Object
        ? value.GetProperty("$float").GetString() switch { "nan" => double.NaN, "inf" => double.PositiveInfinity, _ => double.NegativeInfinity }
        : value.GetDouble();

    private static Type ClrType(string type) => type switch
    {
        "UINT8" => typeof(byte),
        "INT8" => typeof(sbyte),
        "UINT16" => typeof(ushort),
        "INT16" => typeof(short),
        "UINT32" => typeof(uint),
        "INT32" => typeof(int),
        "UINT64" => typeof(ulong),
        "INT64" => typeof(long),
        "FLOAT32" => typeof(float),
        "FLOAT64" => typeof(double),
        "BOOL" => typeof(bool),
        "STRING" => typeof(string),
        _ => throw new ArgumentException(type),
    };
}
