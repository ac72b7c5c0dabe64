using System.Runtime.CompilerServices;
using Capvec.Text.Templates.Jinja.Syntax;

namespace Capvec.Text.Templates.Jinja.Parsing;

/// <summary>Parses a template into statements.</summary>
internal sealed class TemplateParser
{
    private readonly TokenStream _tokens;
    private readonly ExpressionParser _expressions;
    private readonly Stack<HashSet<string>> _namesOfMacros = new();
    private int _loops;

    private TemplateParser(string source)
    {
        _tokens = new TokenStream(Lexer.Tokenize(source));
        _expressions = new ExpressionParser(_tokens)
        {
            OnName = name =>
            {
                foreach (var names in _namesOfMacros)
                    names.Add(name);
            },
        };
    }

    /// <summary>Parses a template.</summary>
    /// <exception cref="JinjaException">It is no well-formed template, or it uses a tag that is not supported.</exception>
    public static Statement Parse(string source)
    {
        var parser = new TemplateParser(source);
        var body = parser.Statements();
        if (parser._tokens.Current.Kind == TokenKind.End)
            return body;
        throw new JinjaException($"{{% {parser._tokens.Ahead.Text} %}} closes nothing", parser._tokens.Current.Line);
    }

    /// <summary>Statements up to the end or to one of the closing tags, which is left standing.</summary>
    private Block Statements(params string[] closing)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        var line = _tokens.Current.Line;
        var statements = new List<Statement>();
        while (true)
        {
            var token = _tokens.Current;
            switch (token.Kind)
            {
                case TokenKind.Data:
                    statements.Add(new TextOutput(token.Line, _tokens.Take().Text));
                    break;
                case TokenKind.VariableBegin:
                    _tokens.Take();
                    statements.Add(new ValueOutput(token.Line, _expressions.ExpressionOrTuple()));
                    _tokens.Expect(TokenKind.VariableEnd, "}}");
                    break;
                case TokenKind.BlockBegin when closing.Contains(_tokens.Ahead.Text) || IsClosing(_tokens.Ahead.Text):
                    return new Block(line, statements);
                case TokenKind.BlockBegin:
                    _tokens.Take();
                    statements.Add(Tag(token.Line));
                    break;
                default:
                    return new Block(line, statements);
            }
        }
    }

    private static bool IsClosing(string name) => name is "else" or "elif" || name.StartsWith("end", StringComparison.Ordinal);

    private Statement Tag(int line)
    {
        var name = _tokens.Expect(TokenKind.Name, "the name of a tag").Text;
        Statement statement = name switch
        {
            "if" => If(line),
            "for" => For(line),
            "set" => Set(line),
            "macro" => Macro(line),
            "call" => CallBlock(line),
            "filter" => FilterBlock(line),
            "with" => With(line),
            "generation" => ScopedBlock(line, "generation"),
            "print" => new ValueOutput(line, _expressions.ExpressionOrTuple()),
            "break" => Jump(line, name, Flow.Break),
            "continue" => Jump(line, name, Flow.Continue),
            _ => throw new JinjaException($"the tag {{% {name} %}} is not supported", line),
        };
        _tokens.Expect(TokenKind.BlockEnd, "%}");
        return statement;
    }

    private If If(int line)
    {
        var branches = new List<(Expression, Statement)>();
        Statement? otherwise = null;
        do
        {
            var condition = _expressions.ExpressionOrTuple(conditional: false);
            branches.Add((condition, Body(line, "if", "elif", "else", "endif")));
        }
        while (_tokens.TakeName("elif"));
        if (_tokens.TakeName("else"))
            otherwise = Body(line, "if", "endif");
        Close(line, "if", "endif");
        return new If(line, branches, otherwise);
    }

    private For For(int line)
    {
        var target = Targets(namespaces: false);
        _tokens.ExpectName("in");
        var iterable = _expressions.ExpressionOrTuple(conditional: false);
        var condition = _tokens.TakeName("if") ? _expressions.Expression() : null;
        var recursive = _tokens.TakeName("recursive");
        _loops++;
        var body = Body(line, "for", "else", "endfor");
        _loops--;
        var otherwise = _tokens.TakeName("else") ? Body(line, "for", "endfor") : null;
        Close(line, "for", "endfor");
        return new For(line, target, iterable, condition, recursive, body, otherwise);
    }

    private Statement Set(int line)
    {
        var target = Targets(namespaces: true);
        if (_tokens.TakeOperator("="))
            return new Assignment(line, target, _expressions.ExpressionOrTuple());
        var captured = new Captured();
        var filtered = _expressions.Filters(captured);
        var body = OutsideLoops(() => Body(line, "set", "endset"));
        Close(line, "set", "endset");
        return new BlockAssignment(line, target, filtered, captured, body);
    }

    private MacroStatement Macro(int line)
    {
        var name = _tokens.Expect(TokenKind.Name, "the name of the macro").Text;
        return new MacroStatement(line, Definition(line, name, Parameters, "macro", "endmacro"));
    }

    private CallBlock CallBlock(int line)
    {
        var parameters = _tokens.Current.IsOperator("(") ? Parameters() : [];
        if (_expressions.Expression() is not Call call)
            throw new JinjaException("{% call %} wants a call", line);
        return new CallBlock(line, call, Definition(line, "caller", () => parameters, "call", "endcall"));
    }

    private MacroDefinition Definition(int line, string name, Func<List<(string, Expression?)>> parameters, string tag, string end)
    {
        var names = new HashSet<string>();
        _namesOfMacros.Push(names);
        var signature = parameters();
        var body = OutsideLoops(() => Body(line, tag, end));
        _namesOfMacros.Pop();
        Close(line, tag, end);
        return new MacroDefinition(name, signature, body, names.Contains("varargs"), names.Contains("kwargs"));
    }

    private List<(string, Expression?)> Parameters()
    {
        var parameters = new List<(string Name, Expression? Default)>();
        _tokens.ExpectOperator("(");
        while (!_tokens.TakeOperator(")"))
        {
            if (parameters.Count > 0)
                _tokens.ExpectOperator(",");
            var token = _tokens.Expect(TokenKind.Name, "the name of a parameter");
            var standard = _tokens.TakeOperator("=") ? _expressions.Expression() : null;
            if (standard is null && parameters.Count > 0 && parameters[^1].Default is not null)
                throw new JinjaException($"the parameter {token.Text} without default stands behind one with", token.Line);
            parameters.Add((token.Text, standard));
        }

        return parameters;
    }

    private FilterBlock FilterBlock(int line)
    {
        var captured = new Captured();
        var filtered = _expressions.Filters(captured, firstWithoutBar: true);
        var body = OutsideLoops(() => Body(line, "filter", "endfilter"));
        Close(line, "filter", "endfilter");
        return new FilterBlock(line, filtered, captured, body);
    }

    private With With(int line)
    {
        var assignments = new List<(Target, Expression)>();
        while (_tokens.Current.Kind != TokenKind.BlockEnd)
        {
            if (assignments.Count > 0)
                _tokens.ExpectOperator(",");
            var target = SingleTarget(namespaces: false);
            _tokens.ExpectOperator("=");
            assignments.Add((target, _expressions.Expression()));
        }

        var body = Body(line, "with", "endwith");
        Close(line, "with", "endwith");
        return new With(line, assignments, body);
    }

    private ScopedBlock ScopedBlock(int line, string tag)
    {
        var body = Body(line, tag, "end" + tag);
        Close(line, tag, "end" + tag);
        return new ScopedBlock(line, body);
    }

    private Jump Jump(int line, string name, Flow flow) =>
        _loops > 0 ? new Jump(line, flow) : throw new JinjaException($"{{% {name} %}} stands outside of a loop", line);

    private Target Targets(bool namespaces)
    {
        var first = SingleTarget(namespaces);
        if (!_tokens.Current.IsOperator(","))
            return first;
        var targets = new List<Target> { first };
        while (_tokens.TakeOperator(",") && !_tokens.Current.IsName("in") && !_tokens.Current.IsOperator("=") && !_tokens.Current.IsOperator(")"))
            targets.Add(SingleTarget(namespaces));
        return new TupleTarget(targets);
    }

    private Target SingleTarget(bool namespaces)
    {
        if (_tokens.TakeOperator("("))
        {
            var inside = Targets(namespaces);
            _tokens.ExpectOperator(")");
            return inside;
        }

        var token = _tokens.Expect(TokenKind.Name, "a name to set");
        if (token.Text is "true" or "false" or "none" or "True" or "False" or "None")
            throw new JinjaException($"'{token.Text}' cannot be set", token.Line);
        return namespaces && _tokens.TakeOperator(".")
            ? new NamespaceTarget(token.Text, _tokens.Expect(TokenKind.Name, "the name of an attribute").Text)
            : new NameTarget(token.Text);
    }

    /// <summary>The end of a tag and what follows, up to a closing tag of which the beginning and name are taken only by the caller.</summary>
    private Block Body(int line, string tag, params string[] closing)
    {
        _tokens.Expect(TokenKind.BlockEnd, "%}");
        var body = Statements(closing);
        if (_tokens.Current.Kind == TokenKind.End)
            throw new JinjaException($"{{% {tag} %}} is never closed by {{% {closing[^1]} %}}", line);
        if (!closing.Contains(_tokens.Ahead.Text))
            throw new JinjaException($"{{% {_tokens.Ahead.Text} %}} stands inside {{% {tag} %}}, which {{% {closing[^1]} %}} should close", _tokens.Current.Line);
        _tokens.Take();
        return body;
    }

    private void Close(int line, string tag, string end)
    {
        if (!_tokens.TakeName(end))
            throw new JinjaException($"{{% {tag} %}} is never closed by {{% {end} %}}", line);

        // endmacro and endcall may repeat the name.
        if (_tokens.Current.Kind == TokenKind.Name)
            _tokens.Take();
    }

    // A jump inside captured text has no loop around it that it could reach.
    private Block OutsideLoops(Func<Block> body)
    {
        var loops = _loops;
        _loops = 0;
        var parsed = body();
        _loops = loops;
        return parsed;
    }
}
