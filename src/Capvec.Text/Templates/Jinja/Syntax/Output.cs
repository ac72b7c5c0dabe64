using Capvec.Text.Templates.Jinja.Evaluating;
using Capvec.Text.Templates.Jinja.Values;

namespace Capvec.Text.Templates.Jinja.Syntax;

/// <summary>Text outside tags.</summary>
internal sealed class TextOutput(int line, string text) : Statement(line)
{
    protected override Flow Execute(Evaluation run)
    {
        run.Write(text);
        return Flow.Next;
    }
}

/// <summary><c>{{ a }}</c>.</summary>
internal sealed class ValueOutput(int line, Expression value) : Statement(line)
{
    protected override Flow Execute(Evaluation run)
    {
        run.Write(PyPrint.Str(run, value.Value(run)));
        return Flow.Next;
    }
}

/// <summary>Statements one after the other.</summary>
internal sealed class Block(int line, IReadOnlyList<Statement> statements) : Statement(line)
{
    protected override Flow Execute(Evaluation run)
    {
        foreach (var statement in statements)
        {
            var flow = statement.Run(run);
            if (flow != Flow.Next)
                return flow;
        }

        return Flow.Next;
    }
}

/// <summary>Statements in a scope of their own: what <c>{% generation %}</c> and <c>{% block %}</c> hold.</summary>
internal sealed class ScopedBlock(int line, Statement body) : Statement(line)
{
    protected override Flow Execute(Evaluation run) => run.InScope(() => body.Run(run));
}

/// <summary><c>{% with a = b %}…{% endwith %}</c>.</summary>
internal sealed class With(int line, IReadOnlyList<(Target Target, Expression Value)> assignments, Statement body) : Statement(line)
{
    protected override Flow Execute(Evaluation run)
    {
        // All values are taken outside before any name is set inside.
        object?[] values = [.. assignments.Select(assignment => assignment.Value.Value(run))];
        return run.InScope(() =>
        {
            for (var i = 0; i < values.Length; i++)
                assignments[i].Target.Assign(run, values[i]);
            return body.Run(run);
        });
    }
}

/// <summary><c>{% filter name %}…{% endfilter %}</c>; the operand of the filters is what the body gives out.</summary>
internal sealed class FilterBlock(int line, Expression filtered, Captured operand, Statement body) : Statement(line)
{
    protected override Flow Execute(Evaluation run)
    {
        run.Write(PyPrint.Str(run, operand.With(run, run.InScope(() => run.Capture(body)), filtered)));
        return Flow.Next;
    }
}

/// <summary>Stands for a text that a block has captured, as the operand of its filters.</summary>
internal sealed class Captured : Expression
{
    private const string Key = "{captured}";

    /// <summary>The value of an expression in which this stands for a text.</summary>
    public object? With(Evaluation run, string text, Expression filtered) => run.InScope(() =>
    {
        // No name of a template can be spelt like this key.
        run.Scope.Set(Key, text);
        return filtered.Value(run);
    });

    protected override object? Evaluate(Evaluation run) => run.Scope.TryGet(Key, out var text) ? text : "";
}
