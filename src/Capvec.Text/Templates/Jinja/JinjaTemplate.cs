using System.Globalization;
using Capvec.Formats.Errors;
using Capvec.Text.Templates.Jinja.Evaluating;
using Capvec.Text.Templates.Jinja.Library;
using Capvec.Text.Templates.Jinja.Parsing;
using Capvec.Text.Templates.Jinja.Syntax;
using Capvec.Text.Templates.Jinja.Values;

namespace Capvec.Text.Templates.Jinja;

/// <summary>
/// A Jinja template as chat templates are written: the language of Jinja 3.1 with the settings, functions and sandbox of transformers
/// (trim_blocks, lstrip_blocks, loop controls, its own tojson, no changing of lists), without loading other templates. Thread-safe.
/// </summary>
public sealed class JinjaTemplate
{
    private readonly Statement _body;
    private readonly JinjaLimits _limits;

    private JinjaTemplate(string name, Statement body, JinjaLimits limits) => (Name, _body, _limits) = (name, body, limits);

    /// <summary>Where the template comes from, for messages.</summary>
    public string Name { get; }

    /// <summary>Compiles a template.</summary>
    /// <param name="source">Its text.</param>
    /// <param name="name">Where it comes from, for messages.</param>
    /// <param name="limits">What it may use; <see cref="JinjaLimits.Default"/> where null.</param>
    /// <exception cref="CapvecException">It is no well-formed template, or it uses a tag that is not supported.</exception>
    public static JinjaTemplate Parse(string source, string name, JinjaLimits? limits = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        limits ??= JinjaLimits.Default;
        try
        {
            if (source.Length > limits.MaxTemplateLength)
                throw new JinjaException(string.Create(CultureInfo.InvariantCulture, $"it has more than {limits.MaxTemplateLength} characters"));
            return new JinjaTemplate(name, TemplateParser.Parse(source), limits);
        }
        catch (JinjaException error)
        {
            throw new CapvecException($"{Place(name, error)}: this is no template that can be read: {error.Message}", error);
        }
        catch (InsufficientExecutionStackException error)
        {
            throw new CapvecException($"{name}: the template is nested too deeply", error);
        }
    }

    /// <summary>Renders the template.</summary>
    /// <param name="variables">Names and values: null, bool, whole and floating numbers, string, JsonElement, JsonNode, dictionaries with string keys, and sequences of those.</param>
    /// <param name="time">The clock of strftime_now; the system's where null.</param>
    /// <exception cref="CapvecException">The template refuses (its own message is in the exception's), fails, or goes beyond its limits.</exception>
    public string Render(IEnumerable<KeyValuePair<string, object?>> variables, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(variables);
        try
        {
            var globals = new Scope(null);
            foreach (var (name, function) in Globals.All)
                globals.Set(name, function);
            var scope = new Scope(globals);
            foreach (var (name, value) in variables)
                scope.Set(name, PyValues.From(value));
            return new Evaluation(_limits, time ?? TimeProvider.System, scope).Render(_body);
        }
        catch (JinjaException error)
        {
            throw new CapvecException(
                error.RaisedByTemplate ? $"{Name} refuses this conversation: {error.Message}" : $"{Place(Name, error)}: the template failed: {error.Message}", error);
        }
        catch (InsufficientExecutionStackException error)
        {
            throw new CapvecException($"{Name}: the template failed: its values or calls are nested too deeply", error);
        }
    }

    private static string Place(string name, JinjaException error) =>
        error.Line == 0 ? name : string.Create(CultureInfo.InvariantCulture, $"{name}, line {error.Line}");
}
