using System.Globalization;
using System.Text.RegularExpressions;
using Capvec.Formats.Errors;

namespace Capvec.Agents.Sandboxes.Dockerfiles;

/// <summary>
/// Reads FROM, WORKDIR, COPY, ENV and RUN; comments and continued lines. Every other instruction, and every flag but COPY --chmod, is an error
/// with its line, because leaving it out silently would make another machine than the task's.
/// </summary>
internal sealed partial class DockerfileReader
{
    /// <summary>Where commands run if no WORKDIR says otherwise.</summary>
    public const string DefaultFolder = "/app";

    private readonly string _file;
    private readonly List<DockerfileStep> _steps = [];
    private readonly Dictionary<string, string> _own = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _visible;
    private string? _base;
    private string _folder = DefaultFolder;

    private DockerfileReader(string file, IReadOnlyDictionary<string, string> inherited)
    {
        _file = file;
        _visible = new(inherited, StringComparer.Ordinal);
    }

    /// <summary>Reads a Dockerfile.</summary>
    /// <param name="text">Its text.</param>
    /// <param name="file">Its path, for errors.</param>
    /// <param name="inherited">Variables that are set from the start, such as PATH.</param>
    /// <exception cref="CapvecException">Something is wrong, or needs containers.</exception>
    public static Dockerfile Parse(string text, string file, IReadOnlyDictionary<string, string> inherited)
    {
        var reader = new DockerfileReader(file, inherited);
        reader._steps.Add(new FolderStep(1, DefaultFolder));
        foreach (var instruction in DockerfileLines.Split(text, file))
        {
            try
            {
                reader.Read(instruction);
            }
            catch (FormatException e)
            {
                throw reader.Error(instruction, $"{e.Message}. Write it plainly.");
            }
        }

        return reader._base is null
            ? throw new CapvecException($"{file} has no FROM; expected it as the first instruction. Add a line such as 'FROM debian:bookworm-slim'.")
            : new(reader._base, reader._folder, reader._own, reader._steps);
    }

    private void Read(DockerfileInstruction instruction)
    {
        if (_base is null && instruction.Name != "FROM")
            throw Error(instruction, "the first instruction is not FROM. Begin with a line such as 'FROM debian:bookworm-slim'.");
        if (instruction.Rest.Length == 0)
            throw Error(instruction, "nothing follows the instruction. Complete it or remove it.");
        if (instruction.Name is "RUN" or "COPY" && HereDocument.IsMatch(instruction.Rest))
            throw NeedsContainer(instruction, "a here-document");
        switch (instruction.Name)
        {
            case "FROM":
                ReadFrom(instruction);
                break;
            case "WORKDIR":
                _folder = Resolve(DockerfileWords.Expand(instruction.Rest, _visible), instruction);
                _steps.Add(new FolderStep(instruction.Line, _folder));
                break;
            case "ENV":
                ReadVariables(instruction);
                break;
            case "COPY":
                ReadCopy(instruction);
                break;
            case "RUN":
                ReadRun(instruction);
                break;
            default:
                throw NeedsContainer(instruction, $"the instruction {instruction.Name}");
        }
    }

    private void ReadFrom(DockerfileInstruction instruction)
    {
        if (_base is not null)
            throw NeedsContainer(instruction, "a second FROM (several stages)");
        var words = instruction.Rest.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (words[0].StartsWith("--", StringComparison.Ordinal))
            throw NeedsContainer(instruction, $"the flag {words[0]}");
        if (words.Length != 1 && !(words.Length == 3 && words[1].Equals("AS", StringComparison.OrdinalIgnoreCase)))
            throw Error(instruction, "expected 'FROM image' or 'FROM image AS name'. Correct the line.");
        _base = words[0];
    }

    private void ReadVariables(DockerfileInstruction instruction)
    {
        var firstBlank = instruction.Rest.AsSpan().IndexOfAny(' ', '\t');
        var firstEquals = instruction.Rest.IndexOf('=', StringComparison.Ordinal);
        var pairs = firstEquals < 0 || (firstBlank >= 0 && firstBlank < firstEquals)
            ? [(instruction.Rest[..Math.Max(firstBlank, 0)], DockerfileWords.Expand(instruction.Rest[Math.Max(firstBlank, 0)..].Trim(), _visible))]
            : DockerfileWords.Split(instruction.Rest, _visible).ConvertAll(word => Cut(word));
        foreach (var (name, value) in pairs)
        {
            if (!VariableName.IsMatch(name) || value.Contains('\0', StringComparison.Ordinal))
                throw Error(instruction, $"'{name}' is no variable with a value; expected NAME=value. Correct the line.");
            _own[name] = _visible[name] = value;
        }

        static (string Name, string Value) Cut(string word) =>
            word.Split('=', 2) is [var name, var value] ? (name, value) : ("", word);
    }

    private void ReadCopy(DockerfileInstruction instruction)
    {
        var rest = instruction.Rest;
        UnixFileMode? mode = null;
        while (rest.StartsWith("--", StringComparison.Ordinal))
        {
            var flag = rest.Split((char[]?)null, 2, StringSplitOptions.RemoveEmptyEntries);
            var match = ChmodFlag.Match(flag[0]);
            if (!match.Success)
                throw NeedsContainer(instruction, $"the flag {flag[0]}");
            mode = (UnixFileMode)Convert.ToInt32(match.Groups[1].Value, 8);
            rest = flag.Length > 1 ? flag[1] : "";
        }

        var words = DockerfileWords.Json(rest) is { } json ? json.ConvertAll(w => DockerfileWords.Expand(w, _visible)) : DockerfileWords.Split(rest, _visible);
        if (words.Count < 2)
            throw Error(instruction, "expected at least one source and a destination. Correct the line.");
        var destination = words[^1];
        if (words.Exists(w => w.Length == 0 || w.Contains('\0', StringComparison.Ordinal)))
            throw Error(instruction, "a path is empty or holds NUL. Correct the line.");
        var intoFolder = destination.EndsWith('/') || destination is "." or ".." || destination.EndsWith("/.", StringComparison.Ordinal);
        if (words.Count > 2 && !intoFolder)
            throw Error(instruction, $"several sources need a folder as destination, found '{destination}'. End it with a slash.");
        _steps.Add(new CopyStep(instruction.Line, words[..^1], Resolve(destination, instruction), intoFolder, mode));
    }

    private void ReadRun(DockerfileInstruction instruction)
    {
        if (instruction.Rest.StartsWith("--", StringComparison.Ordinal))
            throw NeedsContainer(instruction, $"the flag {instruction.Rest.Split((char[]?)null, 2)[0]}");
        var command = DockerfileWords.Json(instruction.Rest) is { Count: > 0 } words
            ? "exec " + string.Join(' ', words.ConvertAll(w => $"'{w.Replace("'", "'\\''", StringComparison.Ordinal)}'"))
            : instruction.Rest;
        if (command.Contains('\0', StringComparison.Ordinal))
            throw Error(instruction, "the command holds NUL. Correct the line.");
        _steps.Add(new RunStep(instruction.Line, command, _folder, new Dictionary<string, string>(_own, StringComparer.Ordinal)));
    }

    /// <summary>An absolute path without "." and ".."; relative ones start at the working directory.</summary>
    private string Resolve(string path, DockerfileInstruction instruction)
    {
        if (path.Length == 0 || path.Contains('\0', StringComparison.Ordinal))
            throw Error(instruction, "the path is empty or holds NUL. Correct the line.");
        var parts = new List<string>();
        foreach (var part in (path.StartsWith('/') ? path : $"{_folder}/{path}").Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (part == "..")
                parts.RemoveRange(Math.Max(0, parts.Count - 1), Math.Min(1, parts.Count));
            else if (part != ".")
                parts.Add(part);
        }

        return "/" + string.Join('/', parts);
    }

    private CapvecException NeedsContainer(DockerfileInstruction instruction, string what) => Error(
        instruction,
        $"{what} needs the container sandbox; this one knows FROM, WORKDIR, COPY, ENV and RUN without flags. Leave the task out, or rewrite the line.");

    private CapvecException Error(DockerfileInstruction instruction, string what) =>
        new(string.Create(CultureInfo.InvariantCulture, $"{_file}, line {instruction.Line}, {instruction.Name}: {what}"));

    [GeneratedRegex(@"^--chmod=([0-7]{3,4})\z", RegexOptions.CultureInvariant)]
    private static partial Regex ChmodFlag { get; }

    [GeneratedRegex(@"^[A-Za-z_][A-Za-z0-9_]*\z", RegexOptions.CultureInvariant)]
    private static partial Regex VariableName { get; }

    [GeneratedRegex(@"(^|\s)<<-?[""']?[A-Za-z_]", RegexOptions.CultureInvariant)]
    private static partial Regex HereDocument { get; }
}
