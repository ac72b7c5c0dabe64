using Capvec.Formats.Errors;

namespace Capvec.Agents.Tasks.Toml;

/// <summary>
/// Reads TOML 1.0 (https://toml.io/en/v1.0.0): tables, dotted keys, arrays of tables, all kinds of strings, numbers, booleans, arrays, inline
/// tables, comments. Dates and times are kept as text. Every error is a <see cref="CapvecException"/> with file and line.
/// </summary>
internal sealed class TomlReader
{
    /// <summary>Most parts of a dotted key; a guard for the stack, far above what files have.</summary>
    private const int MostKeyParts = 64;

    private readonly TomlScanner _scanner;
    private readonly TomlTable _root = new() { Stated = true, HasHeader = true };

    private TomlReader(string text, string file) => _scanner = new(text, file);

    /// <summary>Reads a whole file.</summary>
    /// <param name="text">Its text.</param>
    /// <param name="file">Its name, for errors.</param>
    /// <exception cref="CapvecException">The text is not TOML.</exception>
    public static TomlTable Parse(string text, string file) => new TomlReader(text, file).ReadAll();

    private TomlTable ReadAll()
    {
        var current = _root;
        while (true)
        {
            _scanner.SkipBlankLines();
            if (_scanner.AtEnd)
                return _root;
            if (_scanner.Peek == '[')
                current = ReadHeader();
            else
                ReadPair(current, depth: 0);
            _scanner.ExpectEndOfLine();
        }
    }

    /// <summary>[a.b] or [[a.b]], and the table that the lines below it fill.</summary>
    private TomlTable ReadHeader()
    {
        var line = _scanner.Line;
        _scanner.Take('[', "a table header");
        var many = _scanner.TryTake('[');
        var path = ReadKey();
        _scanner.Take(']', "the end of the table header");
        if (many)
            _scanner.Take(']', "the end of the table header");

        var parent = _root;
        foreach (var key in path[..^1])
            parent = Descend(parent, key, line);
        return many ? AppendTable(parent, path, line) : OpenTable(parent, path, line);
    }

    private TomlTable Descend(TomlTable parent, string key, int line)
    {
        if (!parent.Values.TryGetValue(key, out var found))
        {
            var made = new TomlTable();
            parent.TryAdd(key, new(made, line));
            return made;
        }

        // A header below an array of tables goes into its newest element; an array written with [ … ] takes nothing more.
        if (found.Content is TomlTableList tables)
            return (TomlTable)tables[^1].Content;
        if (found.Content is TomlTable { Closed: false } table)
            return table;
        throw _scanner.Error(line, $"'{key}' is {found.Kind} from line {found.Line} and cannot hold a table; rename one of them");
    }

    private TomlTable OpenTable(TomlTable parent, string[] path, int line)
    {
        if (!parent.Values.TryGetValue(path[^1], out var found))
        {
            var made = new TomlTable { Stated = true, HasHeader = true };
            parent.TryAdd(path[^1], new(made, line));
            return made;
        }

        if (found.Content is not TomlTable { Stated: false, Closed: false } table)
            throw _scanner.Error(line, $"[{string.Join('.', path)}] is there already, on line {found.Line}; write all its keys below one header");
        table.Stated = table.HasHeader = true;
        return table;
    }

    private TomlTable AppendTable(TomlTable parent, string[] path, int line)
    {
        var made = new TomlTable { Stated = true, HasHeader = true };
        if (!parent.Values.TryGetValue(path[^1], out var found))
            parent.TryAdd(path[^1], new(new TomlTableList { new(made, line) }, line));
        else if (found.Content is TomlTableList tables)
            tables.Add(new(made, line));
        else
            throw _scanner.Error(line, $"[[{string.Join('.', path)}]] cannot add to {found.Kind} from line {found.Line}; use another name");
        return made;
    }

    /// <summary>key = value, where the key may be dotted.</summary>
    internal void ReadPair(TomlTable table, int depth)
    {
        var line = _scanner.Line;
        var path = ReadKey();
        _scanner.Take('=', $"'=' after the key '{string.Join('.', path)}'");
        _scanner.SkipSpaces();
        foreach (var key in path[..^1])
        {
            if (!table.Values.TryGetValue(key, out var found))
            {
                var made = new TomlTable { Stated = true };
                table.TryAdd(key, new(made, line));
                table = made;
            }
            else if (found.Content is TomlTable { HasHeader: false, Closed: false } next)
            {
                next.Stated = true;
                table = next;
            }
            else
            {
                throw _scanner.Error(line, $"'{string.Join('.', path)}' adds to '{key}', which is complete since line {found.Line}; move the key there");
            }
        }

        var value = new TomlValueReader(_scanner, this).Read(depth);
        if (!table.TryAdd(path[^1], value))
            throw _scanner.Error(line, $"the key '{string.Join('.', path)}' is there already, on line {table.Values[path[^1]].Line}; remove one of the two");
    }

    /// <summary>A bare, quoted or dotted key.</summary>
    private string[] ReadKey()
    {
        var parts = new List<string>();
        do
        {
            _scanner.SkipSpaces();
            parts.Add(_scanner.Peek switch
            {
                '"' => new TomlStringReader(_scanner).ReadBasic(),
                '\'' => new TomlStringReader(_scanner).ReadLiteral(),
                _ => _scanner.TakeWhile(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-'),
            });
            if (parts[^1].Length == 0 && !_scanner.LastWasQuote)
                throw _scanner.Unexpected("a key (letters, digits, _ and -, or a quoted string)");
            if (parts.Count > MostKeyParts)
                throw _scanner.Error(_scanner.Line, $"the key has more than {MostKeyParts} parts; shorten it");
            _scanner.SkipSpaces();
        }
        while (_scanner.TryTake('.'));
        return [.. parts];
    }
}
