using System.Globalization;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Text;
using Capvec.Text.Templates.Jinja.Evaluating;

namespace Capvec.Text.Templates.Jinja.Values;

/// <summary>Values as Python's json.dumps() writes them: the spacing is part of what a model was trained on.</summary>
internal sealed class PyJson
{
    private readonly StringBuilder _text = new();
    private readonly Evaluation _run;
    private readonly string _itemSeparator;
    private readonly string _keySeparator;
    private readonly string? _indent;
    private readonly bool _sortKeys;
    private readonly bool _asciiOnly;

    private PyJson(Evaluation run, string itemSeparator, string keySeparator, string? indent, bool sortKeys, bool asciiOnly) =>
        (_run, _itemSeparator, _keySeparator, _indent, _sortKeys, _asciiOnly) = (run, itemSeparator, keySeparator, indent, sortKeys, asciiOnly);

    /// <summary>Writes a value.</summary>
    /// <param name="run">The rendering.</param>
    /// <param name="value">The value.</param>
    /// <param name="indent">What a level is indented by; null for one line.</param>
    /// <param name="separators">Between items, and between key and value; null for ", " and ": " (with indent "," and ": ").</param>
    /// <param name="sortKeys">Whether keys are sorted.</param>
    /// <param name="asciiOnly">Whether characters above 7E are escaped.</param>
    public static string Write(Evaluation run, object? value, string? indent = null, (string Item, string Key)? separators = null, bool sortKeys = false, bool asciiOnly = false)
    {
        var (item, key) = separators ?? (indent is null ? ", " : ",", ": ");
        var json = new PyJson(run, item, key, indent, sortKeys, asciiOnly);
        json.Append(value, 0);
        return run.Built(json._text.ToString());
    }

    private void Append(object? value, int depth)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        _run.Step();
        switch (value)
        {
            case null:
                _text.Append("null");
                break;
            case bool flag:
                _text.Append(flag ? "true" : "false");
                break;
            case long or BigInteger:
                _text.Append(CultureInfo.InvariantCulture, $"{value}");
                break;
            case double number:
                _text.Append(Float(number));
                break;
            case string text:
                AppendString(text);
                break;
            case PyList or PyTuple:
                AppendList((PySequence)value, depth);
                break;
            case PyDict dict:
                AppendDict(dict, depth);
                break;
            default:
                throw new JinjaException($"a {PyTypes.NameOf(value)} cannot be written as JSON");
        }
    }

    private void AppendList(PySequence list, int depth)
    {
        _text.Append('[');
        for (var i = 0; i < list.Items.Count; i++)
        {
            if (i > 0)
                _text.Append(_itemSeparator);
            BreakLine(depth + 1);
            Append(list.Items[i], depth + 1);
        }

        if (list.Items.Count > 0)
            BreakLine(depth);
        _text.Append(']');
    }

    private void AppendDict(PyDict dict, int depth)
    {
        _text.Append('{');
        var entries = dict.Entries;
        if (_sortKeys)
            entries = PyCompare.Sorted(entries, entry => entry.Key);
        var first = true;
        foreach (var (key, value) in entries)
        {
            if (!first)
                _text.Append(_itemSeparator);
            first = false;
            BreakLine(depth + 1);
            AppendString(KeyText(key));
            _text.Append(_keySeparator);
            Append(value, depth + 1);
        }

        if (!first)
            BreakLine(depth);
        _text.Append('}');
    }

    private void BreakLine(int depth)
    {
        if (_indent is null)
            return;
        _run.Reserve((long)depth * _indent.Length);
        _text.Append('\n').Insert(_text.Length, _indent, depth);
    }

    private void AppendString(string text)
    {
        _run.Reserve(text.Length);
        _text.Append('"');
        foreach (var character in text)
        {
            _ = character switch
            {
                '"' => _text.Append("\\\""),
                '\\' => _text.Append("\\\\"),
                '\n' => _text.Append("\\n"),
                '\r' => _text.Append("\\r"),
                '\t' => _text.Append("\\t"),
                '\b' => _text.Append("\\b"),
                '\f' => _text.Append("\\f"),
                _ when character < ' ' || (_asciiOnly && character > '~') => _text.Append(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}"),
                _ => _text.Append(character),
            };
        }

        _text.Append('"');
    }

    private static string KeyText(object? key) => key switch
    {
        string text => text,
        null => "null",
        bool flag => flag ? "true" : "false",
        long or BigInteger => string.Create(CultureInfo.InvariantCulture, $"{key}"),
        double number => Float(number),
        _ => throw new JinjaException($"a {PyTypes.NameOf(key)} cannot be a key in JSON"),
    };

    private static string Float(double number) =>
        double.IsNaN(number) ? "NaN" : double.IsInfinity(number) ? (number > 0 ? "Infinity" : "-Infinity") : PyFloat.Print(number);
}
