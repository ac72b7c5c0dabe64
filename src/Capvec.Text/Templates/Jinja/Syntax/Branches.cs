using Capvec.Text.Templates.Jinja.Evaluating;
using Capvec.Text.Templates.Jinja.Values;

namespace Capvec.Text.Templates.Jinja.Syntax;

/// <summary><c>{% if a %}…{% elif b %}…{% else %}…{% endif %}</c>; not a scope of its own.</summary>
internal sealed class If(int line, IReadOnlyList<(Expression Condition, Statement Body)> branches, Statement? otherwise) : Statement(line)
{
    protected override Flow Execute(Evaluation run)
    {
        foreach (var (condition, body) in branches)
        {
            if (PyTypes.IsTrue(condition.Value(run)))
                return body.Run(run);
        }

        return otherwise?.Run(run) ?? Flow.Next;
    }
}

/// <summary><c>{% break %}</c> and <c>{% continue %}</c>.</summary>
internal sealed class Jump(int line, Flow flow) : Statement(line)
{
    protected override Flow Execute(Evaluation run) => flow;
}
