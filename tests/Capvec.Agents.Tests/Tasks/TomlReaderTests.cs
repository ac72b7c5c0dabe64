using Capvec.Agents.Tasks.Toml;
using Capvec.Formats.Errors;
using FsCheck;
using FsCheck.Fluent;

namespace Capvec.Agents.Tests.Tasks;

public class TomlReaderTests
{
    private const string Everything = """"""
        # a comment
        title = "a \"quoted\" \u00e9\U0001F600 \\ \t text" # behind a value
        'literal key' = 'C:\no\escapes'
        "" = "empty key"
        long = """
        first \
            joined
        second """""
        raw = '''
        as it \n is''''
        dec = +1_000
        neg = -17
        hex = 0xDEAD_beef
        oct = 0o755
        bin = 0b1101
        float = 6.626e-34
        whole = 5e+22
        special = [inf, -inf, nan]
        yes = true
        date = 1979-05-27T07:32:00.999999-07:00
        day = 1979-05-27 07:32:00
        time = 07:32:00
        list = [ 1, [ "a", 'b' ], # with a comment
          { x = 1, y.z = 2 },
        ]
        a.b.c = 1
        a.b.d = 2

        [table]
        key = 1
        [table.sub]
        key = 2
        [[many]]
        n = 1
        [[many]]
        n = 2
        [many.inner]
        m = 3
        """""";

    [Fact]
    public void Every_kind_of_value_is_read()
    {
        var root = TomlReader.Parse(Everything, "f").Plain;

        root["title"].ShouldBe("a \"quoted\" é😀 \\ \t text");
        root["literal key"].ShouldBe(@"C:\no\escapes");
        root[""].ShouldBe("empty key");
        root["long"].ShouldBe("first joined\nsecond \"\"");
        root["raw"].ShouldBe("as it \\n is'");
        new[] { root["dec"], root["neg"], root["hex"], root["oct"], root["bin"] }.ShouldBe([1000L, -17L, 0xDEADBEEFL, 493L, 13L]);
        root["float"].ShouldBe(6.626e-34);
        root["whole"].ShouldBe(5e22);
        ((List<object>)root["special"]!).ShouldBe([double.PositiveInfinity, double.NegativeInfinity, double.NaN]);
        root["yes"].ShouldBe(true);
        root["date"].ShouldBe("1979-05-27T07:32:00.999999-07:00");
        root["day"].ShouldBe("1979-05-27 07:32:00");
        root["time"].ShouldBe("07:32:00");
        var list = (List<object>)root["list"]!;
        list[1].ShouldBe(new List<object> { "a", "b" });
        Table(Table(list[2])["y"])["z"].ShouldBe(2L);
        Table(Table(root["a"])["b"]).Keys.ShouldBe(["c", "d"]);
        Table(Table(root["table"])["sub"])["key"].ShouldBe(2L);
        var many = (List<object>)root["many"]!;
        Table(many[0]).ContainsKey("inner").ShouldBeFalse();
        Table(Table(many[1])["inner"])["m"].ShouldBe(3L);
    }

    [Theory]
    [InlineData("a = 1\na = 2", "line 2: the key 'a' is there already, on line 1")]
    [InlineData("[t]\n[t]", "line 2: [t] is there already, on line 1")]
    [InlineData("a = {}\n[a]", "line 2: [a] is there already, on line 1")]
    [InlineData("a = {}\na.b = 1", "line 2: 'a.b' adds to 'a', which is complete since line 1")]
    [InlineData("a = [1]\n[[a]]", "line 2: [[a]] cannot add to a list from line 1")]
    [InlineData("a = 1\n[a.b]", "line 2: 'a' is a whole number from line 1 and cannot hold a table")]
    [InlineData("[a.b]\nc = 1\n[a]\nb.d = 1", "line 4: 'b.d' adds to 'b', which is complete")]
    [InlineData("a.b = 1\n[a]", "line 2: [a] is there already")]
    [InlineData("a 1", "line 1: expected '=' after the key 'a', found '1'")]
    [InlineData("= 1", "line 1: expected a key")]
    [InlineData("a = \n", "line 1: expected a value (a string, a number, true, false, [ … ] or { … }), found the end of the line")]
    [InlineData("a = yes", "line 1: 'yes' is no value")]
    [InlineData("a = 01", "line 1: '01' is no value")]
    [InlineData("a = 1__0", "is no value")]
    [InlineData("a = .5", "is no value")]
    [InlineData("a = 1.", "is no value")]
    [InlineData("a = 2000-13-01", "is no value")]
    [InlineData("a = 9223372036854775808", "too large")]
    [InlineData("a = 0xffffffffffffffff", "too large")]
    [InlineData("a = \"x", "line 1: the string that begins here is never closed")]
    [InlineData("\na = \"x\ny\"", "line 2: the string is not closed on its line")]
    [InlineData("a = '''x\n\n", "line 1: the string that begins here is never closed")]
    [InlineData("a = \"\\q\"", "after '\\'")]
    [InlineData("a = \"\\ud800\"", "'d800' is no character")]
    [InlineData("a = \"\u0001\"", "control character U+0001")]
    [InlineData("a = 1 b = 2", "line 1: expected the end of the line, found 'b'")]
    [InlineData("a = [1 2]", "expected ',' or ']'")]
    [InlineData("a = [1,\n\n", "line 3: expected a value")]
    [InlineData("a = { b = 1", "expected ',' or '}'")]
    [InlineData("a = { b = 1, }", "expected a key")]
    [InlineData("[a", "expected the end of the table header")]
    [InlineData("[[a]", "expected the end of the table header")]
    [InlineData("a = 1\rb = 2", "expected the end of the line")]
    public void What_is_wrong_is_told_with_its_line(string text, string message) =>
        Should.Throw<CapvecException>(() => TomlReader.Parse(text, "x/task.toml")).Message.ShouldContain(message);

    [Fact]
    public void Deep_nesting_is_refused_and_does_not_end_the_program()
    {
        Should.Throw<CapvecException>(() => TomlReader.Parse("a = " + new string('[', 100_000), "f"));
        Should.Throw<CapvecException>(() => TomlReader.Parse("a" + string.Concat(Enumerable.Repeat(".a", 100_000)) + " = 1", "f"));
        Should.Throw<CapvecException>(() => TomlReader.Parse("[a" + string.Concat(Enumerable.Repeat(".a", 100_000)) + "]", "f"));
        Should.Throw<CapvecException>(() => TomlReader.Parse("a = " + string.Concat(Enumerable.Repeat("{a=", 100_000)), "f"));
    }

    [Fact]
    public void Any_text_is_read_or_refused_with_a_line()
    {
        var pieces = Gen.Elements(
            "a", "b", ".", "=", " ", "\n", "\r\n", "\"", "'", "\"\"\"", "'''", "[", "]", "[[", "]]", "{", "}", ",", "#", "1", "-", "+", "0x", "e", "_", "true", "inf", "\\", "\\u00e9",
            "1979-05-27", "07:32:00", "\t", "\0", "é", "\ud83d", "x = 1\n", "[t]\n", "[[t]]\n", "k.l = {m = [1]}\n");
        var texts = Gen.Choose(0, 24).SelectMany(n => pieces.ArrayOf(n)).Select(string.Concat);

        Prop.ForAll(Arb.From(texts), text =>
        {
            try
            {
                _ = TomlReader.Parse(text, "f").Plain;
                return true;
            }
            catch (CapvecException e)
            {
                return e.Message.StartsWith("f, line ", StringComparison.Ordinal) && !e.Message.Contains('\n');
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(20_000));
    }

    [Fact]
    public void A_damaged_file_is_read_or_refused_with_a_line()
    {
        var damage = Gen.Choose(0, Everything.Length - 1).Two().Zip(Gen.Choose(1, 126));

        Prop.ForAll(Arb.From(damage), d =>
        {
            var ((at, cut), code) = d;
            var text = Everything[..at] + (char)code + Everything[Math.Min(Everything.Length, at + (cut % 5))..];
            try
            {
                _ = TomlReader.Parse(text, "f").Plain;
                return true;
            }
            catch (CapvecException e)
            {
                return e.Message.StartsWith("f, line ", StringComparison.Ordinal);
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(5_000));
    }

    [Fact]
    public void What_is_written_is_read_back()
    {
        var value = Gen.OneOf(
            ArbMap.Default.GeneratorFor<long>().Select(n => (object)n),
            ArbMap.Default.GeneratorFor<bool>().Select(b => (object)b),
            ArbMap.Default.GeneratorFor<NormalFloat>().Select(f => (object)f.Get),
            ArbMap.Default.GeneratorFor<NonNull<string>>().Select(s => (object)new string([.. s.Get.Where(c => !char.IsSurrogate(c))])));
        var list = Gen.OneOf(value, value.ListOf().Select(v => (object)v.ToList()));

        Prop.ForAll(Arb.From(list.ListOf()), values =>
        {
            var text = string.Join('\n', values.Select((v, i) => $"k{i} = {Write(v)} # c"));
            var read = TomlReader.Parse(text, "f").Plain;
            return values.Select((v, i) => Same(v, read[$"k{i}"]!)).All(same => same) && read.Count == values.Count;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(500));
    }

    private static IReadOnlyDictionary<string, object?> Table(object? value) => (IReadOnlyDictionary<string, object?>)value!;

    private static string Write(object value) => value switch
    {
        bool b => b ? "true" : "false",
        double d => d.ToString("0.0###################E+0", System.Globalization.CultureInfo.InvariantCulture),
        string s => "\"" + string.Concat(s.Select(c => c is < ' ' or '"' or '\\' or '\x7f' ? $"\\u{(int)c:x4}" : c.ToString())) + "\"",
        List<object> items => $"[{string.Join(",\n  ", items.Select(Write))}]",
        _ => FormattableString.Invariant($"{value}"),
    };

    private static bool Same(object written, object read) => (written, read) switch
    {
        (List<object> a, List<object> b) => a.Count == b.Count && a.Zip(b).All(p => Same(p.First, p.Second)),
        (double a, double b) => Math.Abs(a - b) <= Math.Abs(a) * 1e-12,
        _ => written.Equals(read),
    };
}
