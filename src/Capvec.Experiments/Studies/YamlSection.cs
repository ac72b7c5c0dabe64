using System.Globalization;
using Capvec.Formats.Errors;
using YamlDotNet.RepresentationModel;

namespace Capvec.Experiments.Studies;

/// <summary>A mapping of a YAML file, read key by key with checks; every error names file, line and column.</summary>
internal sealed class YamlSection
{
    private readonly Dictionary<string, YamlNode> _values = [];
    private readonly string _file;
    private readonly string _name;

    private YamlSection(string file, string name, YamlPlace place) => (_file, _name, Place) = (file, name, place);

    /// <summary>Where it begins.</summary>
    public YamlPlace Place { get; }

    /// <summary>The mapping's keys with their values, in order.</summary>
    public IReadOnlyList<KeyValuePair<string, YamlNode>> Entries { get; private set; } = [];

    /// <summary>Reads a mapping whose keys are all known.</summary>
    public static YamlSection Read(string file, string name, YamlNode node)
    {
        var section = ReadFree(file, name, node);
        var known = StudyKeys.BySection[name];
        foreach (var (key, _) in section.Entries)
        {
            if (!known.Contains(key))
                throw section.PlaceOfKey(node, key).Error($"unknown key '{key}'{In(name)}{NearestKey.Suggest(key, known)}; known are {string.Join(", ", known)}");
        }

        return section;
    }

    /// <summary>Reads a mapping with any keys.</summary>
    public static YamlSection ReadFree(string file, string name, YamlNode node)
    {
        var place = new YamlPlace(file, node.Start);
        if (node is not YamlMappingNode mapping)
            throw place.Error($"{(name.Length == 0 ? "the file" : name)} is {Describe(node)}; expected a mapping (key: value)");
        var section = new YamlSection(file, name, place);
        foreach (var (key, value) in mapping.Children)
        {
            if (key is not YamlScalarNode { Value: { Length: > 0 } text })
                throw new YamlPlace(file, key.Start).Error($"a key{In(name)} is {Describe(key)}; expected a word");
            section._values.Add(text, value);
        }

        section.Entries = [.. section._values];
        return section;
    }

    /// <summary>Whether the key is there.</summary>
    public bool Has(string key) => _values.ContainsKey(key);

    /// <summary>The value of a key that must be there.</summary>
    public YamlNode Node(string key) => _values.TryGetValue(key, out var node) ? node : throw Missing(key);

    /// <summary>The value's place, or the section's where it is missing.</summary>
    public YamlPlace PlaceOf(string key) => _values.TryGetValue(key, out var node) ? new(_file, node.Start) : Place;

    /// <summary>A section of its own below this one, or null.</summary>
    public YamlSection? Section(string key) => _values.TryGetValue(key, out var node) ? Read(_file, Name(key), node) : null;

    /// <summary>A section that must be there.</summary>
    public YamlSection Required(string key) => Section(key) ?? throw Missing(key);

    /// <summary>Text that is not empty.</summary>
    public string Text(string key) => Text(Node(key), Name(key));

    /// <summary>One of some words.</summary>
    public T Choice<T>(string key, T otherwise, params (string Word, T Value)[] words)
    {
        if (!Has(key))
            return otherwise;
        var text = Text(key);
        foreach (var (word, value) in words)
        {
            if (word == text)
                return value;
        }

        throw PlaceOf(key).Error($"{Name(key)} is '{text}'{NearestKey.Suggest(text, [.. words.Select(w => w.Word)])}; expected {string.Join(" or ", words.Select(w => w.Word))}");
    }

    /// <summary>True or false.</summary>
    public bool Flag(string key, bool otherwise)
    {
        if (!Has(key))
            return otherwise;
        return Node(key) is YamlScalarNode { Value: var text } && text is "true" or "false" or "True" or "False"
            ? text is "true" or "True"
            : throw PlaceOf(key).Error($"{Name(key)} is {Describe(Node(key))}; expected true or false");
    }

    /// <summary>A whole number within bounds.</summary>
    public int Whole(string key, int lowest, int highest, int? otherwise = null)
    {
        if (!Has(key))
            return otherwise ?? throw Missing(key);
        return Whole(Node(key), Name(key), lowest, highest);
    }

    /// <summary>A number within bounds.</summary>
    public double Number(string key, double lowest, double highest, double? otherwise = null)
    {
        if (!Has(key))
            return otherwise ?? throw Missing(key);
        return Number(Node(key), Name(key), lowest, highest);
    }

    /// <summary>The items of a list.</summary>
    public IReadOnlyList<YamlNode> List(string key, bool mayBeEmpty = false)
    {
        if (Node(key) is not YamlSequenceNode list)
            throw PlaceOf(key).Error($"{Name(key)} is {Describe(Node(key))}; expected a list, such as [a, b]");
        if (!mayBeEmpty && list.Children.Count == 0)
            throw PlaceOf(key).Error($"{Name(key)} is an empty list; expected at least one entry");
        return [.. list.Children];
    }

    /// <summary>A list of different texts.</summary>
    public IReadOnlyList<string> Texts(string key) => Different(key, n => Text(n, Name(key)));

    /// <summary>A list of different 0-based layers, ascending.</summary>
    public IReadOnlyList<int> Layers(string key) => [.. Different(key, n => Whole(n, Name(key), 0, 100_000)).Order()];

    /// <summary>A list of different strengths in the file's order.</summary>
    public IReadOnlyList<double> Strengths(string key) => Different(key, n => Number(n, Name(key), -1e6, 1e6) is var x && x != 0 ? x
        : throw new YamlPlace(_file, n.Start).Error($"{Name(key)} holds 0, which steers nothing; controls.alpha_zero is that arm"));

    /// <summary>A strength other than 0.</summary>
    public double Strength(string key) => Number(key, -1e6, 1e6) is var x && x != 0 ? x : throw PlaceOf(key).Error($"{Name(key)} is 0, which steers nothing; controls.alpha_zero is that arm");

    /// <summary>Whether the value is this word.</summary>
    public bool Says(string key, string word) => _values.TryGetValue(key, out var node) && node is YamlScalarNode { Value: var text } && text == word;

    /// <summary>The full name of a key, for errors.</summary>
    public string Name(string key) => _name.Length == 0 ? key : $"{_name}.{key}";

    /// <summary>A failure about a key.</summary>
    public CapvecException Error(string key, string message) => PlaceOf(key).Error(message);

    /// <summary>A failure for a key that is not there.</summary>
    public CapvecException Missing(string key) => Place.Error($"{Name(key)} is missing; docs/studies.md says what it is");

    private static string In(string name) => name.Length == 0 ? "" : $" in {name}";

    private static string Describe(YamlNode node) => node switch
    {
        YamlMappingNode => "a mapping",
        YamlSequenceNode => "a list",
        YamlScalarNode { Value: null or "" } => "empty",
        YamlScalarNode { Value: var text } => $"'{(text.Length > 60 ? text[..57] + "..." : text)}'",
        _ => "an alias",
    };

    private YamlPlace PlaceOfKey(YamlNode mapping, string key) =>
        new(_file, ((YamlMappingNode)mapping).Children.Keys.First(k => k is YamlScalarNode scalar && scalar.Value == key).Start);

    private List<T> Different<T>(string key, Func<YamlNode, T> read)
    {
        var values = new List<T>();
        foreach (var node in List(key))
        {
            var value = read(node);
            if (values.Contains(value))
                throw new YamlPlace(_file, node.Start).Error($"{Name(key)} holds {Describe(node)} twice; each entry is an arm of its own, so give it once");
            values.Add(value);
        }

        return values;
    }

    private string Text(YamlNode node, string name) => node is YamlScalarNode { Value: { } text } && !string.IsNullOrWhiteSpace(text)
        ? text.Trim()
        : throw new YamlPlace(_file, node.Start).Error($"{name} is {Describe(node)}; expected text");

    private int Whole(YamlNode node, string name, int lowest, int highest) =>
        node is YamlScalarNode { Value: var text } && int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && value >= lowest && value <= highest
            ? value
            : throw new YamlPlace(_file, node.Start).Error($"{name} is {Describe(node)}; expected a whole number from {lowest} to {highest}");

    private double Number(YamlNode node, string name, double lowest, double highest) =>
        node is YamlScalarNode { Value: var text } && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value >= lowest && value <= highest
            ? value
            : throw new YamlPlace(_file, node.Start).Error(string.Create(CultureInfo.InvariantCulture, $"{name} is {Describe(node)}; expected a number from {lowest} to {highest}"));
}
