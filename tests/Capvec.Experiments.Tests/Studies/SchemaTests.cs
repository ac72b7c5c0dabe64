using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Capvec.Experiments.Studies;
using Capvec.Tests;
using YamlDotNet.RepresentationModel;

namespace Capvec.Experiments.Tests.Studies;

public class SchemaTests
{
    private static readonly JsonElement Schema = JsonDocument.Parse(File.ReadAllText(Repository.File("schemas", "study.schema.json"))).RootElement;

    public static TheoryData<string> Files => [.. Directory.GetFiles(Repository.File("studies"), "*.yaml").Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal)];

    [Fact]
    public void The_schema_lists_the_keys_that_the_reader_knows()
    {
        foreach (var (section, keys) in StudyKeys.BySection)
        {
            var at = Schema;
            foreach (var part in section.Split('.', StringSplitOptions.RemoveEmptyEntries))
            {
                at = Follow(at.GetProperty("properties").GetProperty(part.TrimEnd('[', ']')));
                if (part.EndsWith("[]", StringComparison.Ordinal))
                    at = Follow(at.GetProperty("items"));
            }

            at.GetProperty("properties").EnumerateObject().Select(p => p.Name).ShouldBe(keys, section);
            at.GetProperty("additionalProperties").GetBoolean().ShouldBeFalse(section);
        }
    }

    [Fact]
    public void The_documentation_explains_every_key()
    {
        var text = File.ReadAllText(Repository.File("docs", "studies.md"));
        foreach (var key in StudyKeys.BySection.SelectMany(s => s.Value))
            text.ShouldContain($"`{key}`", customMessage: key);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Every_study_of_the_repository_is_valid_for_the_reader_and_the_schema(string name)
    {
        var path = Repository.File("studies", name);
        StudyReader.Load(path).Name.ShouldBe(Path.GetFileNameWithoutExtension(name));
        Violations(path).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("seed: 1", "seed: one")]
    [InlineData("split: half", "split: halve")]
    [InlineData("attempts: 9", "attempts: 0")]
    [InlineData("attempts: 9", "attemps: 9")]
    [InlineData("seed: 1\n", "")]
    public void What_the_reader_refuses_the_schema_marks(string from, string to)
    {
        using var scratch = new Scratch();
        var text = File.ReadAllText(Repository.File("studies", "demo.yaml"));
        text.ShouldContain(from);
        File.WriteAllText(scratch["demo.yaml"], text.Replace(from, to, StringComparison.Ordinal));
        Violations(scratch["demo.yaml"]).ShouldNotBeEmpty();
    }

    private static List<string> Violations(string path)
    {
        var yaml = new YamlStream();
        yaml.Load(new StringReader(File.ReadAllText(path)));
        var found = new List<string>();
        Check(yaml.Documents[0].RootNode, Schema, "", found);
        return found;
    }

    private static JsonElement Follow(JsonElement schema) =>
        schema.TryGetProperty("$ref", out var to) ? Schema.GetProperty("$defs").GetProperty(to.GetString()![8..]) : schema;

    /// <summary>The part of JSON Schema that the file uses.</summary>
    private static void Check(YamlNode node, JsonElement schema, string at, List<string> found)
    {
        schema = Follow(schema);
        var text = (node as YamlScalarNode)?.Value;
        if (schema.TryGetProperty("anyOf", out var any))
        {
            if (!any.EnumerateArray().Any(s => { var inner = new List<string>(); Check(node, s, at, inner); return inner.Count == 0; }))
                found.Add($"{at}: none of anyOf");
            return;
        }

        if (schema.TryGetProperty("enum", out var words) && !words.EnumerateArray().Any(w => w.GetString() == text))
            found.Add($"{at}: '{text}' not in the enum");
        if (!schema.TryGetProperty("type", out var type))
            return;
        switch (type.GetString())
        {
            case "object" when node is YamlMappingNode mapping:
                CheckObject(mapping, schema, at, found);
                break;
            case "array" when node is YamlSequenceNode list:
                if (schema.TryGetProperty("minItems", out var least) && list.Children.Count < least.GetInt32())
                    found.Add($"{at}: too few items");
                for (var i = 0; i < list.Children.Count; i++)
                    Check(list.Children[i], schema.GetProperty("items"), $"{at}[{i}]", found);
                break;
            case "string" when text is not null:
                if (schema.TryGetProperty("pattern", out var pattern) && !Regex.IsMatch(text, pattern.GetString()!))
                    found.Add($"{at}: pattern");
                break;
            case "boolean" when text is "true" or "false":
                break;
            case "integer" when decimal.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole):
                CheckBounds((double)whole, schema, at, found);
                break;
            case "number" when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number):
                CheckBounds(number, schema, at, found);
                break;
            default:
                found.Add($"{at}: not {type}");
                break;
        }
    }

    private static void CheckObject(YamlMappingNode mapping, JsonElement schema, string at, List<string> found)
    {
        var keys = mapping.Children.ToDictionary(c => ((YamlScalarNode)c.Key).Value!, c => c.Value);
        if (schema.TryGetProperty("required", out var required))
            found.AddRange(required.EnumerateArray().Where(r => !keys.ContainsKey(r.GetString()!)).Select(r => $"{at}: {r} missing"));
        var known = schema.TryGetProperty("properties", out var properties);
        foreach (var (key, value) in keys)
        {
            if (known && properties.TryGetProperty(key, out var inner))
                Check(value, inner, $"{at}.{key}", found);
            else if (schema.GetProperty("additionalProperties") is { ValueKind: JsonValueKind.Object } others)
                Check(value, others, $"{at}.{key}", found);
            else
                found.Add($"{at}: {key} unknown");
        }
    }

    private static void CheckBounds(double value, JsonElement schema, string at, List<string> found)
    {
        if ((schema.TryGetProperty("minimum", out var least) && value < least.GetDouble()) || (schema.TryGetProperty("maximum", out var most) && value > most.GetDouble()))
            found.Add($"{at}: out of bounds");
    }
}
