using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text.Json;
using Capvec.Formats.Errors;
using Capvec.Formats.Tensors;
using Capvec.Formats.Tests.Files;
using Capvec.Formats.Torch;
using Capvec.Tests;

namespace Capvec.Formats.Tests.Torch;

/// <summary>The fixtures were written by torch.save (and some broken on purpose); expected.json says what each must read as.</summary>
public sealed class TorchFileTests
{
    private static readonly JsonDocument Expected = JsonDocument.Parse(File.ReadAllText(Repository.File("tests", "fixtures", "torch", "expected.json")));

    public static TheoryData<string> Names => [.. Expected.RootElement.EnumerateObject().Where(p => p.Name[0] != '_').Select(p => p.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_fixture_reads_to_its_value_or_is_refused_in_one_line_and_nothing_runs(string name)
    {
        var row = Expected.RootElement.GetProperty(name);
        var outcome = row.GetProperty("outcome").GetString();
        var path = Repository.File("tests", "fixtures", "torch", name);
        object? root = null;
        CapvecException? refusal = null;
        try
        {
            root = TorchFile.Load(path).Root;
        }
        catch (CapvecException e)
        {
            refusal = e;
        }

        File.Exists("PWNED").ShouldBeFalse();
        if (refusal is null)
        {
            outcome.ShouldNotBe("refused");
            Same(root, row.GetProperty("value"), name);
            return;
        }

        outcome.ShouldNotBe("reads", refusal.Message);
        refusal.Message.ShouldStartWith(path);
        refusal.Message.ShouldNotContain('\n');
    }

    [Theory]
    [InlineData("hostile_reduce.pt", "posix.system")]
    [InlineData("hostile_protocol4.pt", "posix.system")]
    [InlineData("hostile_legacy.pt", "posix.system")]
    [InlineData("hostile_bare.pkl", "posix.system")]
    [InlineData("hostile_eval.pt", "__builtin__.eval")]
    [InlineData("hostile_getattr.pt", "__builtin__.getattr")]
    [InlineData("numpy_array.pt", "numpy._core.multiarray._reconstruct")]
    [InlineData("numpy_scalar.pt", "numpy._core.multiarray.scalar")]
    [InlineData("legacy.pt", "before 1.6")]
    [InlineData("big_endian.pt", "byte order is 'big'")]
    [InlineData("truncated.pt", "truncated")]
    [InlineData("empty.pt", "0 bytes")]
    [InlineData("other_zip.pt", "without data.pkl")]
    [InlineData("two_roots.pt", "2 entries called data.pkl")]
    [InlineData("missing_storage.pt", "data/0 is missing")]
    [InlineData("short_storage.pt", "data/0 has 4094 bytes")]
    [InlineData("out_of_bounds_size.pt", "leaves its storage")]
    [InlineData("out_of_bounds_offset.pt", "leaves its storage")]
    [InlineData("negative_stride.pt", "strides [-64, 1]")]
    [InlineData("huge_size.pt", "more than 2^63 elements")]
    [InlineData("self_list.pt", "contains itself")]
    [InlineData("deep_pickle.pt", "nested deeper")]
    [InlineData("no_stop.pt", "no STOP")]
    public void A_refusal_names_its_reason(string name, string reason) =>
        Should.Throw<CapvecException>(() => TorchFile.Load(Repository.File("tests", "fixtures", "torch", name))).Message.ShouldContain(reason);

    [Theory]
    [InlineData("fp8.pt")]
    [InlineData("uint16.pt")]
    [InlineData("protocol4.pt")]
    [InlineData("deflated.pt")]
    public void What_may_be_refused_is_read_all_the_same(string name) => TorchFile.Load(Repository.File("tests", "fixtures", "torch", name)).Root.ShouldNotBeNull();

    [Fact]
    public void A_file_cut_at_any_place_is_refused_and_never_throws_anything_else()
    {
        using var folder = new TemporaryFolder();
        var whole = File.ReadAllBytes(Repository.File("tests", "fixtures", "torch", "state_dict.pt"));
        for (var length = 0; length < whole.Length; length += 7)
            Should.Throw<CapvecException>(() => TorchFile.Load(folder.Write("cut.pt", whole[..length])));
        Should.Throw<CapvecException>(() => TorchFile.Load(folder.File("absent.pt"))).Message.ShouldContain("does not exist");
        Should.Throw<CapvecException>(() => TorchFile.Load(folder.Write("text.pt", "hello"))).Message.ShouldContain("not a torch file");
    }

    [Theory]
    [InlineData("state_dict.pt", 64, 700)] // its data.pkl
    [InlineData("state_dict.pt", 0, 2491)] // all of it: zip structures too
    [InlineData("deflated.pt", 0, 13694)]
    [InlineData("protocol4.pt", 64, 400)]
    public void A_file_with_any_bytes_changed_reads_or_is_refused_and_never_throws_anything_else(string name, int from, int count)
    {
        using var folder = new TemporaryFolder();
        var whole = File.ReadAllBytes(Repository.File("tests", "fixtures", "torch", name));
        var random = new Random(7);
        for (var i = 0; i < 700; i++)
        {
            var changed = whole.ToArray();
            for (var k = 0; k <= i % 3; k++)
                changed[from + random.Next(count)] = (byte)random.Next(256);
            try
            {
                Walk(TorchFile.Load(folder.Write("changed.pt", changed)).Root);
            }
            catch (CapvecException)
            {
                // The other allowed outcome.
            }
        }

        File.Exists("PWNED").ShouldBeFalse();
    }

    private static void Walk(object? value)
    {
        foreach (var child in value is TorchDictionary dictionary ? dictionary.Values : value is TorchSequence sequence ? sequence.Items : Enumerable.Empty<object?>())
            Walk(child);
        if (value is TorchTensor { Dtype: ElementType.F32 } tensor)
            tensor.ToFloat32().Length.ShouldBe((int)tensor.Count);
    }

    private static void Same(object? actual, JsonElement expected, string where)
    {
        if (expected.ValueKind == JsonValueKind.Object)
            Tagged(actual, expected.EnumerateObject().Single(), where);
        else if (expected.ValueKind == JsonValueKind.Array)
            Items(actual, expected, isTuple: false, where);
        else
            Scalar(actual, expected, where);
    }

    private static void Tagged(object? actual, JsonProperty expected, string where)
    {
        switch (expected.Name)
        {
            case "$tensor":
                Tensor(actual.ShouldBeOfType<TorchTensor>(where), expected.Value, where);
                break;
            case "$dict":
                var dictionary = actual.ShouldBeOfType<TorchDictionary>(where);
                dictionary.Count.ShouldBe(expected.Value.GetArrayLength(), where);
                foreach (var (pair, entry) in dictionary.Zip(expected.Value.EnumerateArray()))
                {
                    Scalar(pair.Key, entry[0], where);
                    Same(pair.Value, entry[1], $"{where}[{pair.Key}]");
                }

                break;
            case "$tuple" or "$size":
                Items(actual, expected.Value, isTuple: true, where);
                break;
            case "$dtype":
                actual.ShouldBe(new TorchDtype(expected.Value.GetString()!), where);
                break;
            case "$float":
                actual.ShouldBe(double.Parse(expected.Value.GetString()!.Replace("inf", "Infinity"), NumberStyles.Float, CultureInfo.InvariantCulture), where);
                break;
            default:
                Assert.Fail($"{where}: {expected.Name}");
                break;
        }
    }

    private static void Items(object? actual, JsonElement expected, bool isTuple, string where)
    {
        var sequence = actual.ShouldBeOfType<TorchSequence>(where);
        sequence.IsTuple.ShouldBe(isTuple, where);
        sequence.Items.Count.ShouldBe(expected.GetArrayLength(), where);
        for (var i = 0; i < sequence.Items.Count; i++)
            Same(sequence.Items[i], expected[i], $"{where}[{i}]");
    }

    private static void Scalar(object? actual, JsonElement expected, string where)
    {
        object? wanted = expected.ValueKind switch
        {
            JsonValueKind.Null => null,
            JsonValueKind.True or JsonValueKind.False => expected.GetBoolean(),
            JsonValueKind.String => expected.GetString(),
            _ when expected.TryGetInt64(out var whole) && !expected.GetRawText().Contains('.') => whole,
            _ when expected.GetRawText().All(c => char.IsDigit(c) || c == '-') => BigInteger.Parse(expected.GetRawText()),
            _ => expected.GetDouble(),
        };
        actual.ShouldBe(wanted, where);
        if (actual is double number)
            BitConverter.DoubleToInt64Bits(number).ShouldBe(BitConverter.DoubleToInt64Bits((double)wanted!), where);
    }

    private static void Tensor(TorchTensor actual, JsonElement expected, string where)
    {
        var dtype = actual.Dtype switch
        {
            ElementType.F32 => "float32",
            ElementType.F64 => "float64",
            ElementType.F16 => "float16",
            ElementType.BF16 => "bfloat16",
            ElementType.Bool => "bool",
            ElementType.F8E4M3 => "float8_e4m3fn",
            var other => other.ToString().Replace("U", "uint").Replace("I", "int"),
        };
        dtype.ShouldBe(expected.GetProperty("dtype").GetString(), where);
        actual.Shape.ShouldBe(expected.GetProperty("shape").EnumerateArray().Select(s => s.GetInt64()), where);
        if (expected.TryGetProperty("ints", out var ints))
            actual.ToInt64().ShouldBe(ints.EnumerateArray().Select(i => i.GetInt64()), where);
        else
            MemoryMarshal.AsBytes<float>(actual.ToFloat32()).SequenceEqual(expected.GetProperty("f32").GetBytesFromBase64()).ShouldBeTrue(where);
    }
}
