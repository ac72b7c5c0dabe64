using Capvec.Text.Templates.Jinja.Evaluating;

namespace Capvec.Text.Templates.Jinja.Values;

/// <summary>A function that is built in, or a method bound to its object.</summary>
internal sealed class Function(Func<Evaluation, Arguments, object?> body) : ICallable
{
    public object? Call(Evaluation run, Arguments arguments) => body(run, arguments);
}
