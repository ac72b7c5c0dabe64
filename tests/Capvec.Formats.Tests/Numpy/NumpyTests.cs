using System.Text.Json;
using Capvec.Formats.Errors;
using Capvec.Formats.Numpy;
using Capvec.Formats.Tensors;
using Capvec.Formats.Tests.Files;
using Capvec.Tests;

namespace Capvec.Formats.Tests.Numpy;

/// <summary>The fixtures were written by numpy (and some broken on purpose); expected.json says what each must read as.</summary>
public sealed class NumpyTests : IDisposable
{
    private static readonly JsonDocument Expected = JsonDocument.Parse(File.ReadAllText(Fixture("expected.json")));

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Arrays => [.. Names(p => p.Name.EndsWith(".npy", StringComparison.Ordinal) && !p.Value.TryGetProperty("refused", out _))];

    public static TheoryData<string> Archives => [.. Names(p => p.Name.EndsWith(".npz", StringComparison.Ordinal))];

    public static TheoryData<string> Refused => [.. Names(p => p.Value.TryGetProperty("refused", out _))];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Arrays))]
    public void An_array_of_numpy_reads_to_its_values_in_row_major_order(string name) => Same(NpyFile.Load(Fixture(name)), Expected.RootElement.GetProperty(name));

    [Theory]
    [MemberData(nameof(Archives))]
    public void An_archive_of_numpy_reads_array_by_array(string name)
    {
        using var file = NpzFile.Open(Fixture(name));
        var rows = Expected.RootElement.GetProperty(name).EnumerateObject().ToList();
        file.Names.ShouldBe(rows.Select(r => r.Name));
        foreach (var row in rows)
            Same(file.Read(row.Name), row.Value);
        Should.Throw<CapvecException>(() => file.Read("nope")).Message.ShouldContain($"has no array 'nope'; it has '{rows[0].Name}'");
    }

    [Fact]
    public void Headers_tell_type_and_shape_without_the_data()
    {
        var info = NpyFile.Describe(Fixture("fortran_f4.npy"));
        info.IsFortran.ShouldBeTrue();
        info.Dtype.ShouldBe(ElementType.F32);
        info.Shape.ShouldBe(NpyFile.Load(Fixture("fortran_f4.npy")).Shape);
        foreach (var name in new[] { "stored.npz", "deflated.npz" })
        {
            using var file = NpzFile.Open(Fixture(name));
            foreach (var array in file.Names)
                (file.Describe(array).Dtype, string.Join(",", file.Describe(array).Shape)).ShouldBe((file.Read(array).Dtype, string.Join(",", file.Read(array).Shape)));
            Should.Throw<CapvecException>(() => file.Describe("nope")).Message.ShouldContain("has no array 'nope'");
        }

        Should.Throw<CapvecException>(() => NpyFile.Describe(Fixture("short.npy"))).Message.ShouldContain("truncated");
    }

    [Theory]
    [MemberData(nameof(Refused))]
    public void A_bad_array_is_refused_in_one_line_with_the_field_named(string name)
    {
        var message = Should.Throw<CapvecException>(() => NpyFile.Load(Fixture(name))).Message;
        message.ShouldStartWith(Fixture(name));
        message.ShouldContain(Expected.RootElement.GetProperty(name).GetProperty("refused").GetString()!);
        message.ShouldNotContain('\n');
    }

    [Fact]
    public void A_file_cut_at_any_byte_is_refused()
    {
        var whole = File.ReadAllBytes(Fixture("c_f4.npy"));
        for (var length = 0; length < whole.Length; length++)
            Should.Throw<CapvecException>(() => NpyFile.Load(_folder.Write("cut.npy", whole[..length])));
        var archive = File.ReadAllBytes(Fixture("stored.npz"));
        for (var length = 0; length < archive.Length; length++)
            Should.Throw<CapvecException>(() => NpzFile.Open(_folder.Write("cut.npz", archive[..length])));
        Should.Throw<CapvecException>(() => NpyFile.Load(_folder.File("absent.npy"))).Message.ShouldContain("does not exist");
        Should.Throw<CapvecException>(() => NpzFile.Open(_folder.File("absent.npz"))).Message.ShouldContain("does not exist");
    }

    [Fact]
    public void What_is_written_has_the_bytes_of_numpy()
    {
        var path = _folder.File("x.npy");
        var values = Enumerable.Range(0, 24).Select(i => i * -0.75f).ToArray();
        NpyWriter.Write(path, [2, 3, 4], values);
        File.ReadAllBytes(path).ShouldBe(File.ReadAllBytes(Fixture("c_f4.npy")));
        NpyWriter.Write(path, [3], new float[] { 1, -2, 3 });
        File.ReadAllBytes(path).ShouldBe(File.ReadAllBytes(Fixture("vector.npy")));
        NpyWriter.Write(path, [2, 3, 4], Enumerable.Range(0, 24).Select(i => i * -3L).ToArray());
        File.ReadAllBytes(path).ShouldBe(File.ReadAllBytes(Fixture("c_i8.npy")));
        NpyWriter.Write(path, [0, 5], Array.Empty<float>());
        File.ReadAllBytes(path).ShouldBe(File.ReadAllBytes(Fixture("empty.npy")));
        Should.Throw<ArgumentException>(() => NpyWriter.Write(path, [2, 2], values));
    }

    [Fact]
    public void Integers_do_not_read_as_floats_nor_floats_as_integers()
    {
        Should.Throw<CapvecException>(() => NpyFile.Load(Fixture("c_i4.npy")).ToFloat32()).Message.ShouldContain("of I32; expected float16");
        Should.Throw<CapvecException>(() => NpyFile.Load(Fixture("c_f4.npy")).ToInt64()).Message.ShouldContain("of F32; expected integers");
        Should.Throw<CapvecException>(() => NpyFile.Load(Fixture("c_u8.npy")).ToInt64()).Message.ShouldContain("of U64");
    }

    private static string Fixture(string name) => Repository.File("tests", "fixtures", "numpy", name);

    private static IEnumerable<string> Names(Func<JsonProperty, bool> where) => Expected.RootElement.EnumerateObject().Where(where).Select(p => p.Name);

    private static void Same(NumpyArray actual, JsonElement expected)
    {
        actual.Shape.ShouldBe(expected.GetProperty("shape").EnumerateArray().Select(s => s.GetInt64()));
        if (expected.TryGetProperty("f32", out var floats))
            actual.ToFloat32().ShouldBe(floats.EnumerateArray().Select(f => f.GetSingle()));
        else if (actual.Dtype != Capvec.Formats.Tensors.ElementType.U64)
            actual.ToInt64().ShouldBe(expected.GetProperty("ints").EnumerateArray().Select(i => i.GetInt64()));
    }
}
