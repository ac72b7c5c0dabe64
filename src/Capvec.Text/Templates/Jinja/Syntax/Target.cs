using Capvec.Text.Templates.Jinja.Evaluating;
using Capvec.Text.Templates.Jinja.Values;

namespace Capvec.Text.Templates.Jinja.Syntax;

/// <summary>What a value is assigned to.</summary>
internal abstract class Target
{
    /// <summary>Assigns.</summary>
    public abstract void Assign(Evaluation run, object? value);
}

/// <summary>A name.</summary>
internal sealed class NameTarget(string name) : Target
{
    public override void Assign(Evaluation run, object? value) => run.Scope.Set(name, value);
}

/// <summary>An attribute of a namespace.</summary>
internal sealed class NamespaceTarget(string owner, string attribute) : Target
{
    public override void Assign(Evaluation run, object? value)
    {
        run.Scope.TryGet(owner, out var found);
        if (found is not Namespace space)
            throw new JinjaException($"'{owner}' is no namespace, so its attribute '{attribute}' cannot be set");
        space.Set(attribute, value);
    }
}

/// <summary><c>a, b</c>.</summary>
internal sealed class TupleTarget(IReadOnlyList<Target> targets) : Target
{
    public override void Assign(Evaluation run, object? value)
    {
        var values = PyAccess.ToList(run, value);
        if (values.Count != targets.Count)
            throw new JinjaException($"{targets.Count} names cannot hold {values.Count} values");
        for (var i = 0; i < targets.Count; i++)
            targets[i].Assign(run, values[i]);
    }
}
