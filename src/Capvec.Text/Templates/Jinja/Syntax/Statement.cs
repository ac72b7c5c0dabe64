using System.Runtime.CompilerServices;
using Capvec.Text.Templates.Jinja.Evaluating;

namespace Capvec.Text.Templates.Jinja.Syntax;

/// <summary>A statement of a template.</summary>
/// <param name="line">The line it begins on.</param>
internal abstract class Statement(int line)
{
    /// <summary>Does it; a failure learns the innermost statement's line.</summary>
    public Flow Run(Evaluation run)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        run.Step();
        try
        {
            return Execute(run);
        }
        catch (JinjaException error)
        {
            error.At(line);
            throw;
        }
    }

    /// <summary>What each kind of statement does.</summary>
    protected abstract Flow Execute(Evaluation run);
}
