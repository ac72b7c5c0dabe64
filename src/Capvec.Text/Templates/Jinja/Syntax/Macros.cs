using Capvec.Text.Templates.Jinja.Evaluating;
using Capvec.Text.Templates.Jinja.Values;

namespace Capvec.Text.Templates.Jinja.Syntax;

/// <summary>The names, defaults and body of a macro or call block.</summary>
/// <param name="Name">Its name, for messages.</param>
/// <param name="Parameters">Names, and defaults where there are.</param>
/// <param name="Body">What it gives out.</param>
/// <param name="TakesMorePlaces">Whether the body reads varargs, so that more arguments than parameters are welcome.</param>
/// <param name="TakesMoreNames">Whether the body reads kwargs, so that other names than the parameters' are welcome.</param>
internal sealed record MacroDefinition(string Name, IReadOnlyList<(string Name, Expression? Default)> Parameters, Statement Body, bool TakesMorePlaces, bool TakesMoreNames);

/// <summary><c>{% macro name(a, b=c) %}…{% endmacro %}</c>.</summary>
internal sealed class MacroStatement(int line, MacroDefinition definition) : Statement(line)
{
    protected override Flow Execute(Evaluation run)
    {
        run.Scope.Set(definition.Name, new Macro(definition, run.Scope));
        return Flow.Next;
    }
}

/// <summary><c>{% call(a) macro(b) %}…{% endcall %}</c>: the macro can render the body as <c>caller(a)</c>.</summary>
internal sealed class CallBlock(int line, Call call, MacroDefinition body) : Statement(line)
{
    protected override Flow Execute(Evaluation run)
    {
        run.Write(PyPrint.Str(run, call.Invoke(run, new Macro(body, run.Scope))));
        return Flow.Next;
    }
}

/// <summary>A macro as a value: it sees the names around its definition, and what it sets stays inside.</summary>
internal sealed class Macro(MacroDefinition definition, Scope scope) : ICallable, INamedAttributes
{
    public bool TryGetAttribute(string name, out object? value)
    {
        value = name switch
        {
            "name" => definition.Name,
            "arguments" => new PyTuple([.. definition.Parameters.Select(parameter => parameter.Name)]),
            _ => null,
        };
        return value is not null;
    }

    public object? Call(Evaluation run, Arguments arguments) => run.InScope(() =>
    {
        var parameters = definition.Parameters;
        if (arguments.Positional.Count > parameters.Count && !definition.TakesMorePlaces)
            throw new JinjaException($"{definition.Name} takes at most {parameters.Count} arguments");
        var named = new Dictionary<string, object?>();
        foreach (var (name, value) in arguments.Named)
        {
            if (!named.TryAdd(name, value))
                throw new JinjaException($"{definition.Name} is given {name} twice");
        }

        for (var i = 0; i < parameters.Count; i++)
        {
            var (name, standard) = parameters[i];
            var byName = named.Remove(name, out var value);
            if (byName && i < arguments.Positional.Count)
                throw new JinjaException($"{definition.Name} is given {name} twice");
            run.Scope.Set(name, i < arguments.Positional.Count ? arguments.Positional[i]
                : byName ? value
                : standard is not null ? standard.Value(run)
                : new Undefined($"'{name}'"));
        }

        if (named.Remove("caller", out var caller))
            run.Scope.Set("caller", caller);
        if (definition.TakesMorePlaces)
            run.Scope.Set("varargs", new PyTuple([.. arguments.Positional.Skip(parameters.Count)]));
        if (definition.TakesMoreNames)
            run.Scope.Set("kwargs", new PyDict(named.Select(argument => ((object?)argument.Key, argument.Value))));
        else if (named.Count > 0)
            throw new JinjaException($"{definition.Name} has no argument named {named.Keys.First()}");
        return run.Capture(definition.Body);
    }, scope);
}
