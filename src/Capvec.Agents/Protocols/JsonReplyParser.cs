using System.Collections.Immutable;
using System.Numerics;
using Capvec.Agents.Protocols.Json;

namespace Capvec.Agents.Protocols;

/// <summary>
/// Reads replies of the JSON terminal protocol: one value is decoded at the first "{", and what follows it is not looked at. The results and
/// the error texts are those of the recipe that the phantom was trained with (Python 3.11), because the agent is told the error: where
/// a field has the wrong kind, that is the text of Python's KeyError or TypeError.
/// </summary>
public static class JsonReplyParser
{
    private static readonly string[] Required = ["analysis", "plan", "commands"];

    /// <summary>Reads a reply. Keystrokes that are no text, or that hold a NUL, are left out.</summary>
    public static ParsedReply Parse(string text)
    {
        var start = text.IndexOf('{', StringComparison.Ordinal);
        if (start < 0)
            return ParsedReply.Unusable("no JSON object found");
        var reader = new PythonJsonReader(text.AsSpan(start));
        if (!reader.TryRead(out var value))
            return ParsedReply.Unusable(reader.IntegerError ?? "invalid JSON");
        var members = (Dictionary<string, object?>)value!;
        foreach (var key in Required)
        {
            if (!members.ContainsKey(key))
                return ParsedReply.Unusable($"the field '{key}' is missing");
        }

        var commands = ImmutableArray.CreateBuilder<ParsedCommand>();
        if (ReadCommands(members["commands"], commands) is { } error)
            return ParsedReply.Unusable(error);
        return new(commands.ToImmutable(), members.TryGetValue("task_complete", out var complete) && IsTrue(complete), null);
    }

    private static string? ReadCommands(object? value, ImmutableArray<ParsedCommand>.Builder commands)
    {
        // Iterating a dictionary or a text gives texts, and a text cannot be asked for its keystrokes.
        if (value is string { Length: > 0 } or Dictionary<string, object?> { Count: > 0 })
            return "string indices must be integers, not 'str'";
        if (value is string or Dictionary<string, object?>)
            return null;
        if (value is not List<object?> items)
            return $"'{KindOf(value)}' object is not iterable";
        foreach (var item in items)
        {
            switch (item)
            {
                case Dictionary<string, object?> command when command.TryGetValue("keystrokes", out var keystrokes):
                    if (keystrokes is string keys && !keys.Contains('\0', StringComparison.Ordinal))
                        commands.Add(new(keys, DurationOf(command)));
                    break;
                case Dictionary<string, object?>:
                    return "'keystrokes'";
                case List<object?>:
                    return "list indices must be integers or slices, not str";
                case string:
                    return "string indices must be integers, not 'str'";
                default:
                    return $"'{KindOf(item)}' object is not subscriptable";
            }
        }

        return null;
    }

    private static double? DurationOf(Dictionary<string, object?> command) => command.GetValueOrDefault("duration") switch
    {
        double d when double.IsFinite(d) => d,
        BigInteger i when double.IsFinite((double)i) => (double)i,
        _ => null,
    };

    private static string KindOf(object? value) => value switch
    {
        null => "NoneType",
        bool => "bool",
        BigInteger => "int",
        double => "float",
        string => "str",
        List<object?> => "list",
        _ => "dict",
    };

    /// <summary>Python's truth: zero and what is empty are false, and all else, NaN too, is true.</summary>
    private static bool IsTrue(object? value) => value switch
    {
        null => false,
        bool b => b,
        BigInteger i => !i.IsZero,
        double d => d != 0,
        string s => s.Length > 0,
        List<object?> list => list.Count > 0,
        Dictionary<string, object?> members => members.Count > 0,
        _ => true,
    };
}
