using Capvec.Formats.Errors;
using Capvec.Formats.Gguf;
using Capvec.Formats.Tests.Files;
using Capvec.Tests;
using FsCheck;
using FsCheck.Fluent;

namespace Capvec.Formats.Tests.Gguf;

public sealed class GgufWriterTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("all_types.gguf")]
    [InlineData("alignment_8.gguf")]
    [InlineData("alignment_64.gguf")]
    [InlineData("alignment_1024.gguf")]
    [InlineData("metadata_only.gguf")]
    [InlineData("empty_array.gguf")]
    [InlineData("name_63.gguf")]
    [InlineData("reordered_metadata.gguf")]
    public void A_file_read_and_written_again_is_the_same_to_the_byte(string name)
    {
        var source = Repository.File("tests", "fixtures", "gguf", "container", name);
        using var file = GgufFile.Open(source);
        var writer = new GgufWriter();
        foreach (var (key, value) in file.Metadata.Values)
            writer.Set(key, value);
        foreach (var tensor in file.Tensors.Values)
            writer.AddRaw(tensor.Name, tensor.Type, tensor.Shape, (first, rows) => file.ReadRaw(tensor.Name, first, rows.Length / tensor.RowBytes, rows));
        writer.Write(_folder.File("again.gguf"));
        File.ReadAllBytes(_folder.File("again.gguf")).ShouldBe(File.ReadAllBytes(source));
    }

    [Fact]
    public void Whatever_is_written_is_read_back() => Prop.ForAll(
        ArbMap.Default.ArbFor<(NonNull<string> Text, long Number, bool[] Flags, NonNull<string>[] Texts, PositiveInt Rows, PositiveInt Columns, float[] Seeds)>(),
        x =>
        {
            var path = _folder.File("x.gguf");
            var values = new float[x.Rows.Get * x.Columns.Get];
            for (var i = 0; i < values.Length && x.Seeds.Length > 0; i++)
                values[i] = x.Seeds[i % x.Seeds.Length];
            var texts = x.Texts.Select(t => WithoutSurrogates(t.Get)).ToArray();
            new GgufWriter().Set("text", WithoutSurrogates(x.Text.Get)).Set("number", x.Number).Set("flags", x.Flags).Set("texts", texts)
                .Add("w", GgufType.F32, [x.Rows.Get, x.Columns.Get], (first, rows) => values.AsSpan((int)first * x.Columns.Get, rows.Length).CopyTo(rows))
                .Write(path);
            using var file = GgufFile.Open(path);
            return file.Metadata.GetString("text") == WithoutSurrogates(x.Text.Get) && file.Metadata.GetInteger("number") == x.Number
                && ((bool[])file.Metadata.Values["flags"]).SequenceEqual(x.Flags) && file.Metadata.FindStrings("texts")!.SequenceEqual(texts)
                && file.ReadFloat32("w").Select(BitConverter.SingleToInt32Bits).SequenceEqual(values.Select(BitConverter.SingleToInt32Bits));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_large_tensor_is_asked_for_in_parts_and_in_order()
    {
        const int Rows = 700, Columns = 1024;
        var asked = new List<(long First, int Count)>();
        new GgufWriter().Add("w", GgufType.Q8_0, [Rows, Columns], (first, rows) =>
        {
            asked.Add((first, rows.Length / Columns));
            for (var i = 0; i < rows.Length; i++)
                rows[i] = (first * 8) + (i / 128);
        }).Write(_folder.File("large.gguf"));
        asked.Count.ShouldBeGreaterThan(2);
        asked.Select(a => a.First).ShouldBe(asked.Aggregate(new List<long> { 0 }, (sums, a) => [.. sums, sums[^1] + a.Count])[..^1]);
        asked.Sum(a => a.Count).ShouldBe(Rows);
        using var file = GgufFile.Open(_folder.File("large.gguf"));
        var row = new float[Columns];
        file.ReadFloat32("w", Rows - 1, 1, row);
        row[0].ShouldBe((Rows - 1) * 8, 0.01f * Rows);
        row[^1].ShouldBe(((Rows - 1) * 8) + 7, 0.01f * Rows);
    }

    [Fact]
    public void A_split_model_opens_by_its_first_file_and_is_refused_by_any_other_mismatch()
    {
        Part("m", 0, 3, 3, "a");
        Part("m", 1, 3, 3, "b");
        Part("m", 2, 3, 3, "c");
        using (var file = GgufFile.Open(PartPath("m", 0, 3)))
        {
            file.Files.ShouldBe([PartPath("m", 0, 3), PartPath("m", 1, 3), PartPath("m", 2, 3)]);
            file.Tensors.Keys.ShouldBe(["a", "b", "c"]);
            file.ReadFloat32("a").ShouldBe([0f, 1]);
            file.ReadFloat32("c").ShouldBe([2f, 3]);
        }

        Refusal("m", 1, 3).ShouldContain($"is part 2 of a model of 3 files; give the first one, {PartPath("m", 0, 3)}");
        Part("n", 0, 2, 5, "a");
        Refusal("n", 0, 2).ShouldContain($"00002-of-00002.gguf is missing: {PartPath("n", 0, 2)} is the first part of a model of 2 files");
        Part("n", 1, 2, 5, "b");
        Refusal("n", 0, 2).ShouldContain("split.tensors.count is 5, but the 2 files have 2 tensors");
        Part("n", 0, 2, 2, "a");
        Part("n", 1, 2, 2, "a");
        Refusal("n", 0, 2).ShouldContain("tensor 'a' stands in");
        File.Copy(PartPath("m", 2, 3), PartPath("n", 1, 2), overwrite: true);
        Refusal("n", 0, 2).ShouldContain("split.no is 2; expected 1");
        File.Move(PartPath("m", 0, 3), _folder.File("renamed.gguf"));
        Should.Throw<CapvecException>(() => GgufFile.Open(_folder.File("renamed.gguf"))).Message.ShouldContain("called NAME-00001-of-00003.gguf");
    }

    [Fact]
    public void What_cannot_be_stored_is_refused_and_leaves_the_old_file()
    {
        var path = _folder.Write("kept.gguf", "old");
        foreach (var value in new[] { float.NaN, float.PositiveInfinity, 65536 })
        {
            var writer = new GgufWriter().Add("w", GgufType.Q8_0, [2, 32], (_, rows) => rows[40] = value);
            Should.Throw<CapvecException>(() => writer.Write(path)).Message.ShouldContain("in row 1; Q8_0 stores finite values up to 65504");
        }

        File.ReadAllText(path).ShouldBe("old");
        Should.Throw<CapvecException>(() => new GgufWriter().Add("w", GgufType.Q8_0, [33], (_, _) => { })).Message.ShouldContain("rows of 33 elements");
        Should.Throw<CapvecException>(() => new GgufWriter().Add(new string('n', 64), GgufType.F32, [1], (_, _) => { })).Message.ShouldContain("at most 63 bytes");
        Should.Throw<ArgumentException>(() => new GgufWriter().Add("w", GgufType.Q5_K, [256], (_, _) => { })).Message.ShouldContain("not written");
        Should.Throw<ArgumentException>(() => new GgufWriter().Set("k", 1m)).Message.ShouldContain("Decimal");
        Should.Throw<ArgumentException>(() => new GgufWriter().Set("general.alignment", 48u));
        Should.Throw<ArgumentException>(() => new GgufWriter().Add("w", GgufType.F32, [0], (_, _) => { }));
    }

    private static string WithoutSurrogates(string text) => new([.. text.Where(c => !char.IsSurrogate(c))]);

    private string PartPath(string name, int part, int count) => _folder.File($"{name}-{part + 1:00000}-of-{count:00000}.gguf");

    private string Refusal(string name, int part, int count) => Should.Throw<CapvecException>(() => GgufFile.Open(PartPath(name, part, count))).Message;

    private void Part(string name, int part, int count, int tensors, string tensor) =>
        new GgufWriter().Set("split.no", (ushort)part).Set("split.count", (ushort)count).Set("split.tensors.count", tensors)
            .Add(tensor, GgufType.F32, [2], (_, rows) => (rows[0], rows[1]) = (part, part + 1)).Write(PartPath(name, part, count));
}
