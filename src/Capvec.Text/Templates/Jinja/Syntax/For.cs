using Capvec.Text.Templates.Jinja.Evaluating;
using Capvec.Text.Templates.Jinja.Values;

namespace Capvec.Text.Templates.Jinja.Syntax;

/// <summary>
/// <c>{% for a in b if c %}…{% else %}…{% endfor %}</c>. Each round has a scope of its own; the condition filters before anything is
/// counted, so that loop.length is the number of rounds.
/// </summary>
internal sealed class For(int line, Target target, Expression iterable, Expression? condition, bool recursive, Statement body, Statement? otherwise) : Statement(line)
{
    protected override Flow Execute(Evaluation run)
    {
        RunOver(run, iterable.Value(run), depth: 0);
        return Flow.Next;
    }

    private void RunOver(Evaluation run, object? value, int depth)
    {
        var items = PyAccess.ToList(run, value);
        if (condition is not null)
            items = items.FindAll(item => Passes(run, item));
        if (items.Count == 0)
        {
            if (otherwise is not null)
                run.InScope(() => otherwise.Run(run));
            return;
        }

        var again = recursive ? new Function((inner, arguments) => inner.InScope(() => Again(inner, arguments, depth))) : null;
        var loop = new LoopState(items, depth, again);
        for (; loop.Index < items.Count; loop.Index++)
        {
            var flow = run.InScope(() =>
            {
                target.Assign(run, items[loop.Index]);
                run.Scope.Set("loop", loop);
                return body.Run(run);
            });
            if (flow == Flow.Break)
                break;
        }
    }

    private bool Passes(Evaluation run, object? item) => run.InScope(() =>
    {
        target.Assign(run, item);
        return PyTypes.IsTrue(condition!.Value(run));
    });

    private object? Again(Evaluation run, Arguments arguments, int depth) =>
        run.Capture(new Nested(this, arguments.Bind("iterable").Value(0), depth + 1));

    private sealed class Nested(For loop, object? value, int depth) : Statement(0)
    {
        protected override Flow Execute(Evaluation run)
        {
            loop.RunOver(run, value, depth);
            return Flow.Next;
        }
    }
}
