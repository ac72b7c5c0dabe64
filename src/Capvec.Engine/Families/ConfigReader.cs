using System.Text.Json;
using Capvec.Formats.Errors;

namespace Capvec.Engine.Families;

/// <summary>Typed look-ups in a config.json whose failures name the file, the key and what was expected.</summary>
internal sealed class ConfigReader(string path, JsonElement element)
{
    public string Path => path;

    public ConfigReader? Child(string key) => Find(key) is { ValueKind: JsonValueKind.Object } child ? new ConfigReader(path, child) : null;

    public string Text(string key, string fallback) => Find(key) switch
    {
        null => fallback,
        { ValueKind: JsonValueKind.String } value => value.GetString()!,
        { } value => throw Wrong(key, value, "a string"),
    };

    public int Positive(string key, int? fallback = null) => Find(key) switch
    {
        null => fallback ?? throw new CapvecException($"{path}: the key \"{key}\" is missing; expected a positive whole number."),
        { ValueKind: JsonValueKind.Number } value when value.TryGetInt32(out var number) && number > 0 => number,
        { } value => throw Wrong(key, value, "a positive whole number"),
    };

    public double Number(string key, double? fallback = null) => Find(key) switch
    {
        null => fallback ?? throw new CapvecException($"{path}: the key \"{key}\" is missing; expected a number."),
        { ValueKind: JsonValueKind.Number } value => value.GetDouble(),
        { } value => throw Wrong(key, value, "a number"),
    };

    public bool Flag(string key, bool fallback) => Find(key) switch
    {
        null => fallback,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        { } value => throw Wrong(key, value, "true or false"),
    };

    public IReadOnlyList<string>? Strings(string key) => Find(key) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Array } value when value.EnumerateArray().All(x => x.ValueKind == JsonValueKind.String) => [.. value.EnumerateArray().Select(x => x.GetString()!)],
        { } value => throw Wrong(key, value, "a list of strings"),
    };

    public IReadOnlyList<int> Integers(string key) => Find(key) switch
    {
        null => [],
        { ValueKind: JsonValueKind.Number } value when value.TryGetInt32(out var number) => [number],
        { ValueKind: JsonValueKind.Array } value when value.EnumerateArray().All(x => x.TryGetInt32(out _)) => [.. value.EnumerateArray().Select(x => x.GetInt32())],
        { } value => throw Wrong(key, value, "a whole number or a list of them"),
    };

    public void Expect(string key, params string[] allowed)
    {
        if (Find(key) is { } value && !(value.ValueKind == JsonValueKind.String && allowed.Contains(value.GetString())))
            throw Wrong(key, value, string.Join(" or ", allowed.Select(a => $"\"{a}\"")) + " (anything else would be computed wrongly)");
    }

    public void ExpectFlag(string key, bool allowed)
    {
        if (Flag(key, allowed) != allowed)
            throw new CapvecException($"{path}: \"{key}\" is {(!allowed ? "true" : "false")}; only {(allowed ? "true" : "false")} is supported.");
    }

    public void Refuse(string key, string why)
    {
        if (Find(key) is not null)
            throw new CapvecException($"{path}: \"{key}\" is present: {why}.");
    }

    private JsonElement? Find(string key) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(key, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private CapvecException Wrong(string key, JsonElement value, string expected)
    {
        var raw = value.GetRawText();
        return new CapvecException($"{path}: \"{key}\" is {(raw.Length > 60 ? raw[..60] + "..." : raw)}; expected {expected}.");
    }
}
