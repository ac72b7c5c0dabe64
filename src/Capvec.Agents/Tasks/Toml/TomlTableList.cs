namespace Capvec.Agents.Tasks.Toml;

/// <summary>An array of tables made by [[header]]s, which later headers add to; an array written as [ … ] is a plain list.</summary>
internal sealed class TomlTableList : List<TomlValue>;
