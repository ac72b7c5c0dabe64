using System.Globalization;
using Capvec.Formats.Errors;

namespace Capvec.Formats.Gguf;

/// <summary>
/// The keys and values of a GGUF file, in the order of the file. Writers differ in the width of integers, so numbers are asked for by
/// kind and not by type.
/// </summary>
public sealed class GgufMetadata
{
    private readonly string _path;

    internal GgufMetadata(string path, OrderedDictionary<string, object> values) => (_path, Values) = (path, values);

    /// <summary>
    /// The values as they stand in the file: <see cref="byte"/>, <see cref="sbyte"/>, <see cref="ushort"/>, <see cref="short"/>, <see cref="uint"/>, <see cref="int"/>,
    /// <see cref="ulong"/>, <see cref="long"/>, <see cref="float"/>, <see cref="double"/>, <see cref="bool"/>, <see cref="string"/>, or an array of one of these.
    /// </summary>
    public IReadOnlyDictionary<string, object> Values { get; }

    /// <summary>A string; null where the key is absent.</summary>
    /// <exception cref="CapvecException">The value is of another kind.</exception>
    public string? FindString(string key) => Find<string>(key, "a string");

    /// <summary>A whole number of any width; null where the key is absent.</summary>
    /// <exception cref="CapvecException">The value is of another kind or beyond an int64.</exception>
    public long? FindInteger(string key) => Values.TryGetValue(key, out var value) ? Integer(value) ?? throw Unexpected(key, value, "a whole number") : null;

    /// <summary>A number, whole or float; null where the key is absent.</summary>
    /// <exception cref="CapvecException">The value is of another kind.</exception>
    public double? FindNumber(string key) => Values.TryGetValue(key, out var value)
        ? value is bool or string or Array ? throw Unexpected(key, value, "a number") : Convert.ToDouble(value, CultureInfo.InvariantCulture)
        : null;

    /// <summary>A truth value; null where the key is absent.</summary>
    /// <exception cref="CapvecException">The value is of another kind.</exception>
    public bool? FindBool(string key) => Values.TryGetValue(key, out var value) ? value as bool? ?? throw Unexpected(key, value, "a bool") : null;

    /// <summary>An array of strings; null where the key is absent.</summary>
    /// <exception cref="CapvecException">The value is of another kind.</exception>
    public string[]? FindStrings(string key) => Find<string[]>(key, "an array of strings");

    /// <summary>An array of whole numbers of any width, or of bools as 0 and 1; a single number counts as an array of one. Null where the key is absent.</summary>
    /// <exception cref="CapvecException">The value is of another kind, or a number is beyond an int64.</exception>
    public long[]? FindIntegers(string key)
    {
        if (!Values.TryGetValue(key, out var value))
            return null;
        if (value is not Array array)
            return [Integer(value) ?? throw Unexpected(key, value, "whole numbers")];
        var numbers = new long[array.Length];
        for (var i = 0; i < numbers.Length; i++)
        {
            var item = array.GetValue(i)!;
            numbers[i] = item is bool flag ? (flag ? 1 : 0) : Integer(item) ?? throw Unexpected(key, value, "whole numbers");
        }

        return numbers;
    }

    /// <summary>An array of float32; null where the key is absent.</summary>
    /// <exception cref="CapvecException">The value is of another kind.</exception>
    public float[]? FindFloats(string key) => Find<float[]>(key, "an array of float32");

    /// <summary>A string that has to be there.</summary>
    /// <exception cref="CapvecException">The key is absent or its value of another kind.</exception>
    public string GetString(string key) => FindString(key) ?? throw Missing(key);

    /// <summary>A whole number that has to be there.</summary>
    /// <exception cref="CapvecException">The key is absent or its value of another kind.</exception>
    public long GetInteger(string key) => FindInteger(key) ?? throw Missing(key);

    /// <summary>A number that has to be there.</summary>
    /// <exception cref="CapvecException">The key is absent or its value of another kind.</exception>
    public double GetNumber(string key) => FindNumber(key) ?? throw Missing(key);

    private static long? Integer(object value) => value switch
    {
        byte or sbyte or ushort or short or uint or int or long => Convert.ToInt64(value, CultureInfo.InvariantCulture),
        ulong wide when wide <= long.MaxValue => (long)wide,
        _ => null,
    };

    private T? Find<T>(string key, string expected)
        where T : class => Values.TryGetValue(key, out var value) ? value as T ?? throw Unexpected(key, value, expected) : null;

    private CapvecException Missing(string key) => new($"{_path}: the metadata have no '{key}'; the file is incomplete or of another kind than expected, convert or download it again.");

    private CapvecException Unexpected(string key, object value, string expected)
    {
        var found = value switch
        {
            Array array => $"an array of {array.Length} {value.GetType().GetElementType()!.Name}",
            string => "a string",
            _ => string.Create(CultureInfo.InvariantCulture, $"{value} ({value.GetType().Name})"),
        };
        return new CapvecException($"{_path}: metadata '{key}' is {found}; expected {expected}.");
    }
}
