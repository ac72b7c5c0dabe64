using Capvec.Text.Templates.Jinja.Evaluating;
using Capvec.Text.Templates.Jinja.Library;
using Capvec.Text.Templates.Jinja.Values;

namespace Capvec.Text.Templates.Jinja.Syntax;

/// <summary>Arguments as they stand in the template: by place, by name, and spread out with * and **.</summary>
internal sealed record CallArguments(IReadOnlyList<Expression> Positional, IReadOnlyList<(string Name, Expression Value)> Named, Expression? Spread, Expression? SpreadNamed)
{
    /// <summary>No arguments.</summary>
    public static CallArguments None { get; } = new([], [], null, null);

    /// <summary>Their values.</summary>
    public Arguments Evaluate(Evaluation run, string callee)
    {
        List<object?> positional = [.. Positional.Select(argument => argument.Value(run))];
        List<(string, object?)> named = [.. Named.Select(argument => (argument.Name, argument.Value.Value(run)))];
        if (Spread is not null)
            positional.AddRange(PyAccess.Iterate(run, Spread.Value(run)));
        if (SpreadNamed is not null)
        {
            var dict = SpreadNamed.Value(run) as PyDict ?? throw new JinjaException("** wants a dict");
            named.AddRange(dict.Entries.Select(entry => (entry.Key as string ?? throw new JinjaException("** wants names as keys"), entry.Value)));
        }

        return new Arguments(callee, positional, named);
    }
}

/// <summary><c>f(a, b=c)</c>.</summary>
internal sealed class Call(Expression callee, string name, CallArguments arguments) : Expression
{
    protected override object? Evaluate(Evaluation run) => Invoke(run, null);

    /// <summary>Calls it, with what a call block passes as its caller.</summary>
    public object? Invoke(Evaluation run, ICallable? caller) => callee.Value(run) switch
    {
        ICallable callable => run.InCall(() =>
        {
            var given = arguments.Evaluate(run, name);
            return callable.Call(run, caller is null ? given : given with { Named = [.. given.Named, ("caller", caller)] });
        }),
        Undefined undefined => throw undefined.Used(),
        var value => throw new JinjaException($"a {PyTypes.NameOf(value)} cannot be called"),
    };
}

/// <summary><c>a | name(b)</c>.</summary>
internal sealed class FilterCall(Expression operand, string name, CallArguments arguments) : Expression
{
    protected override object? Evaluate(Evaluation run)
    {
        var filter = Filters.Named(name);
        var value = operand.Value(run);
        return filter(run, value, arguments.Evaluate(run, name));
    }
}

/// <summary><c>a is name(b)</c>, <c>a is not name</c>.</summary>
internal sealed class TestCall(Expression operand, string name, CallArguments arguments, bool negated) : Expression
{
    protected override object? Evaluate(Evaluation run)
    {
        var test = Tests.Named(name);
        var value = operand.Value(run);
        return test(run, value, arguments.Evaluate(run, name)) != negated;
    }
}
