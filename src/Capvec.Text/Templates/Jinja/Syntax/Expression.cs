using System.Runtime.CompilerServices;
using Capvec.Text.Templates.Jinja.Evaluating;

namespace Capvec.Text.Templates.Jinja.Syntax;

/// <summary>An expression of a template.</summary>
internal abstract class Expression
{
    /// <summary>Its value.</summary>
    public object? Value(Evaluation run)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        run.Step();
        var value = Evaluate(run);

        // Whatever is done with a text next goes through it at most once, but for searches, which count themselves.
        if (value is string text)
            run.StepThrough(text);
        return value;
    }

    /// <summary>What each kind of expression does.</summary>
    protected abstract object? Evaluate(Evaluation run);
}
