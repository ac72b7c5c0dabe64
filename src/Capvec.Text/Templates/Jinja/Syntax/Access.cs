using Capvec.Text.Templates.Jinja.Evaluating;
using Capvec.Text.Templates.Jinja.Values;

namespace Capvec.Text.Templates.Jinja.Syntax;

/// <summary><c>a.name</c>.</summary>
internal sealed class AttributeAccess(Expression owner, string name) : Expression
{
    protected override object? Evaluate(Evaluation run) => PyAccess.Attribute(owner.Value(run), name);
}

/// <summary><c>a[key]</c>.</summary>
internal sealed class ItemAccess(Expression owner, Expression key) : Expression
{
    protected override object? Evaluate(Evaluation run) => PyAccess.Item(owner.Value(run), key.Value(run));
}

/// <summary><c>a[start:stop:step]</c>.</summary>
internal sealed class SliceAccess(Expression owner, Expression? start, Expression? stop, Expression? step) : Expression
{
    protected override object? Evaluate(Evaluation run) => PyAccess.Slice(run, owner.Value(run), start?.Value(run), stop?.Value(run), step?.Value(run));
}
