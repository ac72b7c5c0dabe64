using Capvec.Text.Templates.Jinja.Evaluating;

namespace Capvec.Text.Templates.Jinja.Values;

/// <summary>A function, method or macro.</summary>
internal interface ICallable
{
    /// <summary>Calls it.</summary>
    object? Call(Evaluation run, Arguments arguments);
}
