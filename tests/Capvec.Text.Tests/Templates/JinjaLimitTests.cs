using Capvec.Formats.Errors;
using Capvec.Text.Templates.Jinja;

namespace Capvec.Text.Tests.Templates;

public class JinjaLimitTests
{
    private static readonly JinjaLimits Small = new() { MaxSteps = 100_000, MaxOutputLength = 10_000, MaxTextBuilt = 1_000_000 };

    [Theory]
    [InlineData("{% for a in range(1000) %}{% for b in range(1000) %}{% endfor %}{% endfor %}", "more than 100000 steps")]
    [InlineData("{% for a in range(1000) %}aaaaaaaaaaaaaaaaaaaaaaaaa{% endfor %}", "more than 10000 characters")]
    [InlineData("{{ 'a' * 1000000000 }}", "more than 1000000 characters of text")]
    [InlineData("{% set ns = namespace(s='ab') %}{% for a in range(60) %}{% set ns.s = ns.s + ns.s %}{% endfor %}", "characters of text")]
    [InlineData("{% set ns = namespace(s='ab') %}{% for a in range(60) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}", "characters of text")]
    [InlineData("{% set ns = namespace(s='ab') %}{% for a in range(60) %}{% set ns.s = ns.s.replace('a', ns.s) %}{% endfor %}", "characters of text")]
    [InlineData("{% set ns = namespace(s=['ab']) %}{% for a in range(60) %}{% set ns.s = ns.s + ns.s %}{% endfor %}", "steps")]
    [InlineData("{% set ns = namespace(s=['ab']) %}{% for a in range(60) %}{% set ns.s = [ns.s, ns.s] %}{% endfor %}{{ ns.s }}", "stopped")]
    [InlineData("{% set ns = namespace(s=['ab']) %}{% for a in range(60) %}{% set ns.s = [ns.s, ns.s] %}{% endfor %}{{ ns.s|tojson(indent=9) }}", "stopped")]
    [InlineData("{{ [1] * 1000000000 }}", "steps")]
    [InlineData("{{ 'a'.center(1000000000) }}", "characters of text")]
    [InlineData("{{ 'a'|center(1000000000) }}", "characters of text")]
    [InlineData("{{ 'a'.zfill(1000000000) }}", "characters of text")]
    [InlineData("{{ '%1000000d' % 1 }}{{ '%999999d' % 1 }}", "characters of text")]
    [InlineData("{{ '%2000000000d' % 1 }}", "width is too large")]
    [InlineData("{{ range(1000000000) }}", "range has more than 100000")]
    [InlineData("{{ 9 ** 999999999 }}", "too large")]
    [InlineData("{% set ns = namespace(n=9) %}{% for a in range(60) %}{% set ns.n = ns.n * ns.n %}{% endfor %}", "stopped")]
    [InlineData("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "more than 64 deep")]
    [InlineData("{% macro m() %}{% call m() %}{% endcall %}{% endmacro %}{{ m() }}", "deep")]
    [InlineData("{{ [1, 2]|batch(1000000000, 0)|list }}", "steps")]
    [InlineData("{{ [1]|slice(1000000000)|list }}", "steps")]
    [InlineData("{% set ns = namespace(a=[1], b=[1]) %}{% for i in range(60) %}{% set ns.a = [ns.a, ns.a] %}{% set ns.b = [ns.b, ns.b] %}{% endfor %}{{ ns.a == ns.b }}", "steps")]
    [InlineData("{% set ns = namespace(a=[1], b=[1]) %}{% for i in range(60) %}{% set ns.a = [ns.a, ns.a] %}{% set ns.b = [ns.b, ns.b] %}{% endfor %}{{ ns.a < ns.b }}", "steps")]
    [InlineData("{% set ns = namespace(a=(1,)) %}{% for i in range(60) %}{% set ns.a = (ns.a, ns.a) %}{% endfor %}{{ {ns.a: 1} }}", "steps")]
    [InlineData("{% set s = 'a' * 400000 %}{% for i in range(1000) %}{% for j in range(1000) %}{% if 'b' in s %}{% endif %}{% endfor %}{% endfor %}", "steps")]
    [InlineData("{{ ('a' * 200000 + 'b') in ('a' * 400000) }}", "steps")]
    [InlineData("{{ ('a' * 400000).replace('a' * 200000 + 'b', '') }}", "steps")]
    [InlineData("{{ ('a' * 300000).split('a' * 150000 + 'b') }}", "steps")]
    [InlineData("{% set n = 3 ** 30000 %}{% for i in range(1000) %}{% set x = n // 7 * n %}{% endfor %}", "steps")]
    [InlineData("{% set n = 3 ** 30000 %}{{ n }}", "steps")]
    public void A_template_that_wants_too_much_is_stopped(string template, string expected)
    {
        var parsed = JinjaTemplate.Parse(template, "test", Small);
        Should.Throw<CapvecException>(() => parsed.Render([])).Message.ShouldContain(expected);
    }

    [Theory]
    [InlineData("(", ")")]
    [InlineData("[", "]")]
    [InlineData("not ", "")]
    [InlineData("-", "")]
    [InlineData("1 if ", " else 2")]
    [InlineData("1 + ", "")]
    [InlineData("1 if 0 else ", "")]
    [InlineData("", "|abs")]
    [InlineData("", ".x")]
    [InlineData("x(", ")")]
    [InlineData("x is eq ", "")]
    public void Deep_nesting_is_an_error_or_works_but_never_crashes(string before, string after)
    {
        var source = "{{ " + Repeat(before) + "1" + Repeat(after) + " }}";
        try
        {
            JinjaTemplate.Parse(source, "test").Render([]);
        }
        catch (CapvecException error)
        {
            error.Message.Length.ShouldBeLessThan(1000);
        }

        static string Repeat(string part) => string.Concat(Enumerable.Repeat(part, 100_000));
    }

    [Fact]
    public void Deeply_nested_tags_and_values_never_crash()
    {
        var blocks = string.Concat(Enumerable.Repeat("{% if 1 %}", 100_000));
        Should.Throw<CapvecException>(() => JinjaTemplate.Parse(blocks, "test"));

        var nested = "{% set ns = namespace(l=[], m=[]) %}{% for a in range(100000) %}{% set ns.l = [ns.l] %}{% set ns.m = [ns.m] %}{% endfor %}";
        foreach (var use in new[] { "{{ ns.l }}", "{{ ns.l|tojson }}", "{{ ns.l == ns.m }}", "{{ ns.l < ns.m }}" })
        {
            try
            {
                JinjaTemplate.Parse(nested + use, "test").Render([]);
            }
            catch (CapvecException error)
            {
                error.Message.ShouldContain("too deeply");
            }
        }
    }

    [Fact]
    public void A_template_that_takes_too_long_is_stopped()
    {
        // A clock that goes on by a second each time it is read.
        var template = JinjaTemplate.Parse("{% for a in range(100000) %}{% endfor %}", "test");
        Should.Throw<CapvecException>(() => template.Render([], new HastyClock())).Message.ShouldContain("more than 30 seconds");
    }

    private sealed class HastyClock : TimeProvider
    {
        private long _seconds;

        public override long TimestampFrequency => 1;

        public override long GetTimestamp() => _seconds++;
    }

    [Fact]
    public void A_template_that_is_too_long_is_refused() =>
        Should.Throw<CapvecException>(() => JinjaTemplate.Parse(new string('a', 2_000_001), "test")).Message.ShouldContain("more than 2000000 characters");
}
