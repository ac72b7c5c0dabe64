using Capvec.Text.Templates.Jinja.Evaluating;

namespace Capvec.Text.Templates.Jinja.Syntax;

/// <summary><c>{% set a = b %}</c>.</summary>
internal sealed class Assignment(int line, Target target, Expression value) : Statement(line)
{
    protected override Flow Execute(Evaluation run)
    {
        target.Assign(run, value.Value(run));
        return Flow.Next;
    }
}

/// <summary><c>{% set a %}…{% endset %}</c>, perhaps with filters.</summary>
internal sealed class BlockAssignment(int line, Target target, Expression filtered, Captured operand, Statement body) : Statement(line)
{
    protected override Flow Execute(Evaluation run)
    {
        var text = run.InScope(() => run.Capture(body));
        target.Assign(run, operand.With(run, text, filtered));
        return Flow.Next;
    }
}
