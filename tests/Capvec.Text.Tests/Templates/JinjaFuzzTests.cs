using Capvec.Formats.Errors;
using Capvec.Text.Templates.Jinja;
using FsCheck;
using FsCheck.Fluent;

namespace Capvec.Text.Tests.Templates;

public class JinjaFuzzTests
{
    private static readonly string[] Scraps =
    [
        "{{", "}}", "{%", "%}", "{%-", "-%}", "{{-", "-}}", "{#", "#}", "{", "}", " ", "\n", "text", "'", "\"", "'a'", "\\", "\\u12", "if", "else", "elif", "endif", "for", "in", "endfor", "set", "endset", "macro", "endmacro", "call", "endcall", "filter", "endfilter", "with", "endwith", "raw", "endraw", "generation",
        "break", "continue", "recursive", "not", "and", "or", "is", "defined", "none", "true", "x", "m", "ns", "loop", "loop.index", "caller()", "namespace(a=1)", "range(3)", "(", ")", "[", "]", ":", ",", ".", "|", "=", "==", "<", "+", "-", "*", "**", "/", "//", "%", "~", "0", "1", "-1", "2.5", "1e3", "0x1f", "99999999999999999999",
        "|length", "|tojson", "|list", "|map('upper')", "|join(',')", "|first", "|sort", "|int", "|default(1)", ".split(',')", ".items()", "[::-1]", "[0]", "😀", "\u0301", "\ud800", "\0",
    ];

    // The statements make whole templates of random expressions, which random scraps alone hardly ever are.
    private static readonly string[] Shapes =
    [
        "{{{{ {0} }}}}", "{{% if {0} %}}a{{% elif {1} %}}b{{% else %}}c{{% endif %}}", "{{% for x in {0} if {1} %}}{{{{ loop.index }}}}{{{{ x }}}}{{% else %}}n{{% endfor %}}", "{{% set x = {0} %}}{{{{ x }}}}{{% set ns.a = {1} %}}",
        "{{% macro m(a, b={0}) %}}{{{{ a }}}}{{% endmacro %}}{{{{ m({1}) }}}}", "{{% filter upper %}}{{{{ {0} }}}}{{% endfilter %}}", "{{% with x = {0} %}}{{{{ {1} }}}}{{% endwith %}}", "{{% call(x) m({0}) %}}{{{{ x }}}}{{% endcall %}}",
    ];

    private static readonly string[] Operands =
    [
        "x", "missing", "1", "0", "-1", "2.5", "true", "none", "''", "'a,b'", "'%s'", "[]", "[1, 'a', none]", "(1, 2)", "{'k': 1, 2: [3]}", "messages", "messages[0]", "messages[0].content", "range(3)", "ns", "ns.a", "loop", "1e308", "99999999999999999999", "'😀é'",
    ];

    private static readonly string[] Operators = ["+", "-", "*", "/", "//", "%", "**", "~", "==", "<", "in", "not in", "and", "or", "is eq", "is in", "is divisibleby"];

    private static readonly string[] Suffixes =
    [
        "", "[0]", "[-1]", "[9]", "['k']", "[1:]", "[::-1]", "[:2]", "[::0]", ".k", ".items()", ".split(',')", ".get('k')", ".x.y", "()", "(1, a=2)", "|length", "|list", "|tojson", "|tojson(indent=2)", "|string", "|int", "|float", "|round(1)", "|abs", "|first", "|last", "|sort", "|max", "|sum", "|reverse", "|unique|list",
        "|join('-')", "|map('string')|list", "|map(attribute='role')|list", "|selectattr('role', 'eq', 'user')|list", "|groupby('role')", "|dictsort", "|batch(2)|list", "|slice(2)|list", "|default('d')", "|replace('a', 'b')", "|indent", "|trim", "|upper", "|title", "|format(1)", "|truncate(5)", "|wordcount", "|items|list", "|e", "|nothing",
        " is string", " is mapping", " is iterable", " is odd", " is none", " is nothing", ".format(1, a=2)", ".find('a')", ".replace('', '-')", ".strip('a')", ".rsplit(None, 1)", ".center(9)", ".title()", ".join([1])", ".join(['b', 'c'])", ".count('a')", ".partition(',')", ".zfill(5)", ".startswith(('a', 'b'))",
    ];

    private static readonly Gen<string> Expressions =
        from left in Gen.Elements(Operands)
        from suffix in Gen.Elements(Suffixes)
        from op in Gen.Elements(Operators)
        from right in Gen.Elements(Operands)
        from other in Gen.Elements(Suffixes)
        from single in Gen.Elements(true, false)
        select single ? left + suffix + other : $"({left}{suffix}) {op} ({right}{other})";

    private static readonly Arbitrary<string> Garbage = Gen.Elements(Scraps).ListOf().Select(string.Concat).ToArbitrary();

    private static readonly Arbitrary<string> Templates =
        (from shape in Gen.Elements(Shapes)
         from first in Expressions
         from second in Expressions
         select "{% set ns = namespace(a=1) %}" + string.Format(shape, first, second)).ToArbitrary();

    private static readonly Config Many = Config.QuickThrowOnFailure.WithMaxTest(2000);

    [Fact]
    public void Random_scraps_render_or_fail_with_a_message() => Check.One(Many, Prop.ForAll(Garbage, RendersOrFailsWithAMessage));

    [Fact]
    public void Random_expressions_render_or_fail_with_a_message() => Check.One(Many, Prop.ForAll(Templates, RendersOrFailsWithAMessage));

    [Fact]
    public void Text_without_tags_renders_as_it_is() => Prop.ForAll(
        ArbMap.Default.GeneratorFor<string>().Where(text => text is not null && !text.Contains('{') && !text.Contains('\r')).ToArbitrary(),
        text => JinjaTemplate.Parse(text, "test").Render([]) == (text.EndsWith('\n') ? text[..^1] : text)).QuickCheckThrowOnFailure();

    private static bool RendersOrFailsWithAMessage(string template)
    {
        var limits = new JinjaLimits { MaxSteps = 10_000, MaxTextBuilt = 100_000, MaxOutputLength = 100_000 };
        var variables = new Dictionary<string, object?>
        {
            ["x"] = 3,
            ["messages"] = new[] { new Dictionary<string, object?> { ["role"] = "user", ["content"] = "a,b" }, new Dictionary<string, object?> { ["role"] = "tool", ["content"] = null } },
        };
        try
        {
            JinjaTemplate.Parse(template, "test", limits).Render(variables);
        }
        catch (CapvecException error)
        {
            return error.Message.Length > 0 && !error.Message.Contains('\n');
        }

        return true;
    }
}
