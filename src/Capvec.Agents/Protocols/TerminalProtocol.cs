using System.Collections.Immutable;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using Capvec.Formats.Errors;

namespace Capvec.Agents.Protocols;

/// <summary>
/// What an agent is told and how its replies are read. The texts are files of a folder named after the protocol (docs/protocols.md), so
/// that others can stand beside it. Placeholders are replaced in turn by plain text replacement; nothing is escaped.
/// </summary>
public sealed class TerminalProtocol
{
    /// <summary>The name of the JSON terminal protocol.</summary>
    public const string JsonTerminal = "json-terminal";

    private const string Prefix = "Protocols/";

    private readonly string _first;
    private readonly string _observation;
    private readonly string _parseError;
    private readonly string _confirmation;

    private TerminalProtocol(string name)
    {
        Name = name;
        _first = ReadText("first.txt");
        _observation = ReadText("observation.txt");
        _parseError = ReadText("parse-error.txt");
        _confirmation = ReadText("confirmation.txt");
        RefusalOpenings = [.. ReadText("refusals.txt").Split('\n').Where(line => line.Length > 0)];
        var settings = JsonSerializer.Deserialize<Settings>(ReadText("settings.json"))!;
        ShellPrompt = settings.ShellPrompt;
        MaxTurns = settings.MaxTurns;
        CommandTimeout = TimeSpan.FromSeconds(settings.CommandTimeoutSec);
    }

    /// <summary>Every protocol's name.</summary>
    public static ImmutableArray<string> Names { get; } =
    [
        .. typeof(TerminalProtocol).Assembly.GetManifestResourceNames()
            .Where(n => n.StartsWith(Prefix, StringComparison.Ordinal))
            .Select(n => n.Split('/')[1]).Distinct().Order(StringComparer.Ordinal),
    ];

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>The terminal's prompt: what an untouched terminal shows.</summary>
    public string ShellPrompt { get; }

    /// <summary>Most replies of an agent, unless a trial says otherwise.</summary>
    public int MaxTurns { get; }

    /// <summary>Time that one command may take.</summary>
    public TimeSpan CommandTimeout { get; }

    /// <summary>How replies begin that refuse the task.</summary>
    public ImmutableArray<string> RefusalOpenings { get; }

    /// <summary>Loads a protocol by its name.</summary>
    /// <exception cref="CapvecException">There is none of this name.</exception>
    public static TerminalProtocol Load(string name) => Names.Contains(name)
        ? new(name)
        : throw new CapvecException($"no terminal protocol is called '{name}'; choose one of: {string.Join(", ", Names)}.", exitCode: CapvecException.WrongUsage);

    /// <summary>The first message: the task and the terminal.</summary>
    public string FirstMessage(string instruction, string terminal) => Replace(Replace(_first, "INSTRUCTION", instruction), "TERMINAL", terminal);

    /// <summary>What the agent sees after its commands.</summary>
    public string Observation(string terminal) => Replace(_observation, "TERMINAL", terminal);

    /// <summary>What the agent sees after it marked the task complete for the first time.</summary>
    public string Confirmation(string terminal) => Replace(_confirmation, "TERMINAL", terminal);

    /// <summary>What the agent sees after a reply that cannot be used.</summary>
    public string ParseError(string error) => Replace(_parseError, "ERROR", error);

    /// <summary>Reads a reply.</summary>
    public ParsedReply Parse(string reply) => JsonReplyParser.Parse(reply);

    /// <summary>Whether a reply begins as a refusal does.</summary>
    public bool IsRefusal(string reply)
    {
        var text = reply.AsSpan().TrimStart();
        foreach (var opening in RefusalOpenings)
        {
            if (text.StartsWith(opening, StringComparison.Ordinal))
                return true;
        }

        return false;
    }

    private static string Replace(string text, string placeholder, string value) => text.Replace(placeholder, value, StringComparison.Ordinal);

    /// <summary>A file's text without the newline that ends the file.</summary>
    private string ReadText(string file)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"{Prefix}{Name}/{file}")
            ?? throw new CapvecException($"the protocol '{Name}' has no {file}; docs/protocols.md lists the files of a protocol.");
        using var reader = new StreamReader(stream);
        var text = reader.ReadToEnd();
        return text.EndsWith('\n') ? text[..^1] : text;
    }

    private sealed record Settings(
        [property: JsonPropertyName("shell_prompt"), JsonRequired] string ShellPrompt,
        [property: JsonPropertyName("max_turns"), JsonRequired] int MaxTurns,
        [property: JsonPropertyName("command_timeout_sec"), JsonRequired] double CommandTimeoutSec);
}
