using Capvec.Text.Templates.Jinja.Evaluating;

namespace Capvec.Text.Templates.Jinja.Library;

/// <summary>A test: what stands behind the word "is".</summary>
internal delegate bool Test(Evaluation run, object? value, Arguments arguments);
