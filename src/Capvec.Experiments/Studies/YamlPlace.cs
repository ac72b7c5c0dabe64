using Capvec.Formats.Errors;
using YamlDotNet.Core;

namespace Capvec.Experiments.Studies;

/// <summary>Where in a YAML file something stands, for errors.</summary>
/// <param name="File">The file.</param>
/// <param name="Mark">Line and column, both from 1.</param>
internal readonly record struct YamlPlace(string File, Mark Mark)
{
    /// <summary>A failure at this place.</summary>
    public CapvecException Error(string message, Exception? inner = null) => new($"{File}:{Mark.Line}:{Mark.Column}: {message}", inner, CapvecException.WrongUsage);
}
