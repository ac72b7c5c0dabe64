namespace Capvec.Text.Templates.Jinja.Library;

/// <summary>All filters by name.</summary>
internal static class Filters
{
    private static readonly Dictionary<string, Filter> All = new[] { TextFilters.All, NumberFilters.All, SequenceFilters.All, SelectionFilters.All }
        .SelectMany(group => group).ToDictionary();

    /// <summary>The filter of that name.</summary>
    public static Filter Named(string name) => All.GetValueOrDefault(name) ?? throw new JinjaException($"the filter '{name}' is not known here");

    /// <summary>Whether there is one.</summary>
    public static bool Exists(string name) => All.ContainsKey(name);
}
