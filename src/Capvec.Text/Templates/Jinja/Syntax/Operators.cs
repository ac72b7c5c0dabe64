using Capvec.Text.Templates.Jinja.Evaluating;
using Capvec.Text.Templates.Jinja.Values;

namespace Capvec.Text.Templates.Jinja.Syntax;

/// <summary><c>a + b</c> and the other arithmetic operators.</summary>
internal sealed class Arithmetic(string op, Expression left, Expression right) : Expression
{
    protected override object? Evaluate(Evaluation run) => PyMath.Apply(run, op, left.Value(run), right.Value(run));
}

/// <summary><c>-a</c> and <c>+a</c>.</summary>
internal sealed class Signed(bool negative, Expression operand) : Expression
{
    protected override object? Evaluate(Evaluation run) => negative ? PyMath.Negate(operand.Value(run)) : PyMath.Plus(operand.Value(run));
}

/// <summary><c>a ~ b ~ c</c>: the texts of all, one after the other.</summary>
internal sealed class Concatenation(IReadOnlyList<Expression> parts) : Expression
{
    protected override object? Evaluate(Evaluation run) => run.Built(string.Concat(parts.Select(part => PyPrint.Str(run, part.Value(run)))));
}

/// <summary><c>not a</c>.</summary>
internal sealed class Negation(Expression operand) : Expression
{
    protected override object? Evaluate(Evaluation run) => !PyTypes.IsTrue(operand.Value(run));
}

/// <summary><c>a and b</c>, <c>a or b</c>: one of the two values, the second evaluated only where the first does not decide.</summary>
internal sealed class Junction(bool and, Expression left, Expression right) : Expression
{
    protected override object? Evaluate(Evaluation run)
    {
        var first = left.Value(run);
        return PyTypes.IsTrue(first) == and ? right.Value(run) : first;
    }
}

/// <summary><c>a if b else c</c>; undefined where there is no else and b is false.</summary>
internal sealed class Conditional(Expression condition, Expression then, Expression? otherwise) : Expression
{
    protected override object? Evaluate(Evaluation run) =>
        PyTypes.IsTrue(condition.Value(run)) ? then.Value(run) : otherwise is null ? new Undefined("the value of an if without else") : otherwise.Value(run);
}

/// <summary><c>a &lt; b &lt;= c</c>: true where each neighbouring pair compares so.</summary>
internal sealed class Comparison(Expression first, IReadOnlyList<(string Op, Expression Operand)> rest) : Expression
{
    protected override object? Evaluate(Evaluation run)
    {
        var left = first.Value(run);
        foreach (var (op, operand) in rest)
        {
            var right = operand.Value(run);
            if (!Holds(run, op, left, right))
                return false;
            left = right;
        }

        return true;
    }

    private static bool Holds(Evaluation run, string op, object? left, object? right) => op switch
    {
        "==" => PyCompare.AreEqual(left, right),
        "!=" => !PyCompare.AreEqual(left, right),
        "<" => PyCompare.Order(left, right) < 0,
        "<=" => PyCompare.Order(left, right) <= 0,
        ">" => PyCompare.Order(left, right) > 0,
        ">=" => PyCompare.Order(left, right) >= 0,
        "in" => PyAccess.Contains(run, right, left),
        _ => !PyAccess.Contains(run, right, left),
    };
}
