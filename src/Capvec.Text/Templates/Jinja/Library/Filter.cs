using Capvec.Text.Templates.Jinja.Evaluating;

namespace Capvec.Text.Templates.Jinja.Library;

/// <summary>A filter: what stands behind a |.</summary>
internal delegate object? Filter(Evaluation run, object? value, Arguments arguments);
