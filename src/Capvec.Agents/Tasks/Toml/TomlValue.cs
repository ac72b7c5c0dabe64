namespace Capvec.Agents.Tasks.Toml;

/// <summary>A value and where it stands, so that whoever finds it of the wrong type can name the line.</summary>
/// <param name="Content"><see cref="string"/>, <see cref="long"/>, <see cref="double"/>, <see cref="bool"/>, a list of <see cref="TomlValue"/>, or a <see cref="TomlTable"/>. Dates and times are kept as text.</param>
/// <param name="Line">1-based line of its first character.</param>
internal sealed record TomlValue(object Content, int Line)
{
    /// <summary>What the value is, in the words of an error message.</summary>
    public string Kind => Content switch
    {
        string => "a string",
        long => "a whole number",
        double => "a number with a fraction",
        bool => "a boolean",
        TomlTable => "a table",
        _ => "a list",
    };

    /// <summary>The value without lines: tables as dictionaries, arrays as lists.</summary>
    public object Plain => Content switch
    {
        TomlTable table => table.Plain,
        List<TomlValue> list => list.ConvertAll(v => v.Plain),
        _ => Content,
    };
}
