namespace Capvec.Agents.Tasks.Toml;

/// <summary>A table, with what TOML's rules on who may add to it need to know.</summary>
internal sealed class TomlTable
{
    private readonly Dictionary<string, TomlValue> _values = new(StringComparer.Ordinal);

    /// <summary>Its keys, in the order of the file.</summary>
    public IReadOnlyDictionary<string, TomlValue> Values => _values;

    /// <summary>Whether a [header] or a dotted key has made it; another [header] of the same name is an error then.</summary>
    public bool Stated { get; set; }

    /// <summary>Whether a [header] has made it; dotted keys of another table must not add to it.</summary>
    public bool HasHeader { get; set; }

    /// <summary>Whether it was written in one piece, { … }; nothing may be added.</summary>
    public bool Closed { get; set; }

    /// <summary>The table as a plain dictionary, sub-tables too.</summary>
    public IReadOnlyDictionary<string, object?> Plain
    {
        get
        {
            var plain = new Dictionary<string, object?>(StringComparer.Ordinal);
            foreach (var (key, value) in _values)
                plain[key] = value.Plain;
            return plain;
        }
    }

    /// <summary>Adds a key; false where it is there already.</summary>
    public bool TryAdd(string key, TomlValue value) => _values.TryAdd(key, value);
}
