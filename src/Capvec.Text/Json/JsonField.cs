using System.Globalization;
using System.Text.Json;
using Capvec.Formats.Errors;
using Capvec.Formats.Files;

namespace Capvec.Text.Json;

/// <summary>
/// A value inside a JSON file that remembers where it stands, so that each wrong type is reported with the file, the field and what was
/// expected there.
/// </summary>
internal readonly struct JsonField
{
    private readonly JsonElement _element;
    private readonly string _parent;
    private readonly string? _name;
    private readonly int _index;

    private JsonField(JsonElement element, string file, string parent, string? name, int index = 0) =>
        (_element, File, _parent, _name, _index) = (element, file, parent, name, index);

    /// <summary>The file the value comes from.</summary>
    public string File { get; }

    /// <summary>The field's place, such as <c>model.merges[3]</c>; empty for the root. Put together on demand: vocabularies have hundreds of thousands of fields.</summary>
    public string Path => _name is null ? string.Create(CultureInfo.InvariantCulture, $"{_parent}[{_index}]") : _parent.Length == 0 ? _name : $"{_parent}.{_name}";

    /// <summary>The kind of the value; Undefined where the field is missing.</summary>
    public JsonValueKind Kind => _element.ValueKind;

    /// <summary>Whether the field is missing or null.</summary>
    public bool IsMissing => Kind is JsonValueKind.Undefined or JsonValueKind.Null;

    /// <summary>Reads a JSON file; errors name the file, and the line where it is broken.</summary>
    public static JsonField Read(string file) => Parse(InputFile.ReadBytes(file), file);

    /// <summary>Reads JSON that is in memory already.</summary>
    public static JsonField Parse(ReadOnlyMemory<byte> json, string file)
    {
        try
        {
            return new JsonField(JsonElement.Parse(json.Span), file, "", "");
        }
        catch (JsonException error)
        {
            throw new CapvecException($"{file} is not valid JSON: {error.Message} Fetch the file again.", error);
        }
    }

    /// <summary>The field of that name; a missing one is a field of kind Undefined.</summary>
    public JsonField this[string name]
    {
        get
        {
            if (IsMissing)
                return new JsonField(default, File, Path, name);
            Expect(JsonValueKind.Object, "an object");
            return new JsonField(_element.TryGetProperty(name, out var value) ? value : default, File, Path, name);
        }
    }

    /// <summary>The elements of a list; none where the field is missing.</summary>
    public IEnumerable<JsonField> Items()
    {
        if (IsMissing)
            yield break;
        Expect(JsonValueKind.Array, "a list");
        var path = Path;
        var index = 0;
        foreach (var item in _element.EnumerateArray())
            yield return new JsonField(item, File, path, null, index++);
    }

    /// <summary>Names and values of an object; none where the field is missing.</summary>
    public IEnumerable<(string Name, JsonField Value)> Properties()
    {
        if (IsMissing)
            yield break;
        Expect(JsonValueKind.Object, "an object");
        var path = Path;
        foreach (var property in _element.EnumerateObject())
        {
            var name = NameOf(property);
            yield return (name, new JsonField(property.Value, File, path, name));
        }
    }

    /// <summary>The text of the field.</summary>
    public string String()
    {
        Expect(JsonValueKind.String, "a string");
        try
        {
            return _element.GetString()!;
        }
        catch (InvalidOperationException error)
        {
            throw Wrong("well-formed Unicode (it has half a surrogate pair)", error);
        }
    }

    /// <summary>The text of the field, or null where it is missing.</summary>
    public string? StringOrNull() => IsMissing ? null : String();

    /// <summary>A whole number of at most 32 bits.</summary>
    public int Int() => Kind == JsonValueKind.Number && _element.TryGetInt32(out var value) ? value : throw Wrong("a whole number");

    /// <summary>True or false; <paramref name="missing"/> where the field is missing.</summary>
    public bool Bool(bool missing) => Kind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ when IsMissing => missing,
        _ => throw Wrong("true or false"),
    };

    /// <summary>The error for a value that is not what it should be.</summary>
    public CapvecException Wrong(string expected, Exception? inner = null)
    {
        var found = Kind switch
        {
            JsonValueKind.Undefined => "nothing",
            JsonValueKind.Null => "null",
            JsonValueKind.Object => "an object",
            JsonValueKind.Array => "a list",
            _ => Shortened(_element.GetRawText()),
        };
        return new CapvecException($"{File}: {(Path.Length == 0 ? "the file" : Path)} has {found} where {expected} was expected", inner);
    }

    /// <summary>The value itself.</summary>
    public JsonElement Element => _element;

    internal static string Shortened(string text) => text.Length <= 200 ? text : text[..200] + "…";

    private string NameOf(JsonProperty property)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException error)
        {
            throw Wrong("keys of well-formed Unicode (one has half a surrogate pair)", error);
        }
    }

    private void Expect(JsonValueKind kind, string expected)
    {
        if (Kind != kind)
            throw Wrong(expected);
    }
}
