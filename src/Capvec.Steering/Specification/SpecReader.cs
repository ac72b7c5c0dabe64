using System.Text.Json;
using Capvec.Formats.Errors;

namespace Capvec.Steering.Specification;

/// <summary>Reads one object of a specification; every error names the field by its path, and fields nobody asked for are errors.</summary>
internal sealed class SpecReader
{
    private readonly JsonElement _object;
    private readonly string[] _known;

    /// <summary>Starts reading an object.</summary>
    /// <exception cref="CapvecException">It is not an object, or has a field that is not known or occurs twice.</exception>
    public SpecReader(JsonElement element, string path, params string[] known)
    {
        Path = path;
        _object = element;
        _known = known;
        if (element.ValueKind != JsonValueKind.Object)
            throw Wrong(path, $"expected an object with {string.Join(", ", known)}", element);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var field in element.EnumerateObject())
        {
            if (!_known.Contains(field.Name))
                throw new CapvecException($"{path}.{field.Name}: unknown field; known are {string.Join(", ", known)}.", exitCode: CapvecException.WrongUsage);
            if (!seen.Add(field.Name))
                throw new CapvecException($"{path}.{field.Name}: occurs twice.", exitCode: CapvecException.WrongUsage);
        }
    }

    /// <summary>The object's own path.</summary>
    public string Path { get; }

    /// <summary>Whether a field is there and not null.</summary>
    public bool Has(string name) => Field(name) is not null;

    /// <summary>A field, null when absent or null.</summary>
    public JsonElement? Field(string name) => _object.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    /// <summary>A string that must be there.</summary>
    public string Text(string name) => Field(name) is { } value
        ? value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text ? text : throw Wrong($"{Path}.{name}", "expected a string", value)
        : throw new CapvecException($"{Path}.{name}: missing.", exitCode: CapvecException.WrongUsage);

    /// <summary>A finite number, null when absent.</summary>
    public double? Number(string name)
    {
        if (Field(name) is not { } value)
            return null;
        return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && float.IsFinite((float)number) ? number : throw Wrong($"{Path}.{name}", "expected a finite number", value);
    }

    /// <summary>A whole number from 0, null when absent.</summary>
    public int? Whole(string name) => Field(name) is { } value ? Whole(value, $"{Path}.{name}") : null;

    /// <summary>A whole number from 0.</summary>
    public static int Whole(JsonElement value, string path) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number >= 0 ? number : throw Wrong(path, "expected a whole number from 0", value);

    /// <summary>true or false, null when absent.</summary>
    public bool? Flag(string name) => Field(name) is not { } value ? null : value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Wrong($"{Path}.{name}", "expected true or false", value),
    };

    /// <summary>One of several words, null when absent.</summary>
    public T? Choice<T>(string name, params (string Word, T Value)[] choices)
        where T : struct
    {
        if (Field(name) is not { } value)
            return null;
        foreach (var (word, meaning) in choices)
        {
            if (value.ValueKind == JsonValueKind.String && value.ValueEquals(word))
                return meaning;
        }

        throw Wrong($"{Path}.{name}", $"expected {string.Join(", ", choices.Select(c => $"\"{c.Word}\""))}", value);
    }

    /// <summary>An error at a field.</summary>
    public static CapvecException Wrong(string path, string expected, JsonElement found)
    {
        var text = found.GetRawText();
        return new CapvecException($"{path}: {expected}, found {(text.Length > 60 ? text[..57] + "..." : text)}.", exitCode: CapvecException.WrongUsage);
    }
}
