using Capvec.Text.Templates.Jinja.Evaluating;
using Capvec.Text.Templates.Jinja.Values;

namespace Capvec.Text.Templates.Jinja.Syntax;

/// <summary>A string, number, true, false or none.</summary>
internal sealed class Literal(object? value) : Expression
{
    protected override object? Evaluate(Evaluation run) => value;
}

/// <summary>A name.</summary>
internal sealed class Name(string name) : Expression
{
    /// <summary>The name itself.</summary>
    public string Text => name;

    protected override object? Evaluate(Evaluation run) => run.Scope.TryGet(name, out var value) ? value : new Undefined($"'{name}'");
}

/// <summary><c>[a, b]</c>.</summary>
internal sealed class ListLiteral(IReadOnlyList<Expression> items) : Expression
{
    protected override object? Evaluate(Evaluation run) => new PyList([.. items.Select(item => item.Value(run))]);
}

/// <summary><c>(a, b)</c>.</summary>
internal sealed class TupleLiteral(IReadOnlyList<Expression> items) : Expression
{
    protected override object? Evaluate(Evaluation run) => new PyTuple([.. items.Select(item => item.Value(run))]);
}

/// <summary><c>{a: b}</c>.</summary>
internal sealed class DictLiteral(IReadOnlyList<(Expression Key, Expression Value)> entries) : Expression
{
    protected override object? Evaluate(Evaluation run) => new PyDict(entries.Select(entry => (entry.Key.Value(run), entry.Value.Value(run))));
}
