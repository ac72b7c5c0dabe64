using System.Collections;
using System.Globalization;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Capvec.Text.Templates.Jinja.Values;

/// <summary>Values from outside as the template's values.</summary>
internal static class PyValues
{
    /// <summary>Converts a value; what cannot be converted is an error that names its type.</summary>
    public static object? From(object? value)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        return value switch
        {
            null or bool or string or double or long or BigInteger or PySequence or PyDict => value,
            int or short or sbyte or byte or ushort or uint => Convert.ToInt64(value, CultureInfo.InvariantCulture),
            ulong large => PyMath.Small(large),
            float single => (double)single,
            JsonElement json => FromJson(json),
            JsonNode node => FromJson(JsonSerializer.SerializeToElement(node)),
            IDictionary dictionary => new PyDict(dictionary.Keys.Cast<object>().Select(key => (From(key), From(dictionary[key])))),
            IEnumerable<KeyValuePair<string, object?>> entries => new PyDict(entries.Select(entry => ((object?)entry.Key, From(entry.Value)))),
            IEnumerable items => new PyList([.. items.Cast<object?>().Select(From)]),
            _ => throw new JinjaException($"a variable has the type {value.GetType().Name}, which a template has no value for"),
        };
    }

    private static object? FromJson(JsonElement json)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        try
        {
            return json.ValueKind switch
            {
                JsonValueKind.Object => new PyDict(json.EnumerateObject().Select(property => ((object?)property.Name, FromJson(property.Value)))),
                JsonValueKind.Array => new PyList([.. json.EnumerateArray().Select(FromJson)]),
                JsonValueKind.String => json.GetString(),
                JsonValueKind.Number => Number(json.GetRawText()),
                JsonValueKind.True => true,
                JsonValueKind.False => false,
                JsonValueKind.Null => null,
                _ => new Undefined("a missing JSON value"),
            };
        }
        catch (InvalidOperationException error)
        {
            throw new JinjaException($"a JSON text is not well-formed Unicode: {error.Message}");
        }
    }

    // As Python's json: a number with a fraction or exponent is a float, any other a whole number of any size.
    private static object Number(string digits) => digits.AsSpan().IndexOfAny('.', 'e', 'E') >= 0
        ? double.Parse(digits, NumberStyles.Float, CultureInfo.InvariantCulture)
        : digits.Length <= 4300 ? PyMath.Small(BigInteger.Parse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture))
        : throw new JinjaException("a JSON number has too many digits");
}
