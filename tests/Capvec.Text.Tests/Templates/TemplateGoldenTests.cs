using System.Text.Json;
using Capvec.Formats.Errors;
using Capvec.Tests;
using Capvec.Text.Templates;
using Capvec.Text.Templates.Jinja;

namespace Capvec.Text.Tests.Templates;

public class TemplateGoldenTests
{
    [Fact]
    public void Renderings_of_the_phantom_s_template_and_of_chatml_are_those_of_the_reference() =>
        CheckRenderings(Fixture.Path("chat.jsonl"), name => name == "phantom" ? Path.Combine(Fixture.PhantomFolder, "chat_template.jinja") : Fixture.Path("chatml.jinja"), 94);

    [Fact]
    public void Renderings_of_other_templates_are_those_of_the_reference() =>
        CheckRenderings(Repository.Shared("goldens", "formats", "templates", "chat.jsonl"), name => Repository.Shared("goldens", "formats", "templates", $"{name}.jinja"), 769);

    [Theory]
    [InlineData("jinja.jsonl", 46)]
    [InlineData("jinja-random.jsonl", 491)]
    public void Every_language_feature_renders_as_in_the_reference(string file, int count)
    {
        var lines = Fixture.Lines(Fixture.Path(file));
        lines.Count.ShouldBe(count + 1);
        var variables = lines[0].GetProperty("vars").EnumerateObject().ToDictionary(property => property.Name, property => (object?)property.Value);
        var wrong = new List<string>();
        foreach (var line in lines.Skip(1))
            Check(line, () => JinjaTemplate.Parse(line.GetProperty("template").GetString()!, "test").Render(variables), wrong);
        wrong.ShouldBeEmpty();
    }

    private static void CheckRenderings(string path, Func<string, string> templatePath, int count)
    {
        var rows = Fixture.Lines(path);
        rows.Count.ShouldBe(count);
        var templates = rows.Select(row => row.GetProperty("template").GetString()!).Distinct()
            .ToDictionary(name => name, name => ChatTemplate.Parse(File.ReadAllText(templatePath(name)), name));
        var wrong = new List<string>();
        foreach (var row in rows)
        {
            var variables = row.GetProperty("kwargs").EnumerateObject().ToDictionary(property => property.Name, property => (object?)property.Value);
            var prompt = row.GetProperty("kwargs").TryGetProperty("add_generation_prompt", out var flag) && flag.GetBoolean();
            Check(row, () => templates[row.GetProperty("template").GetString()!].Render(row.GetProperty("messages"), prompt, row.GetProperty("tools"), variables), wrong);
        }

        wrong.ShouldBeEmpty($"{wrong.Count} of {rows.Count} differ");
    }

    private static void Check(JsonElement row, Func<string> render, List<string> wrong)
    {
        var name = row.TryGetProperty("case", out var @case) ? $"{row.GetProperty("template")} {@case}" : row.GetProperty("template").ToString();
        string text;
        try
        {
            text = render();
        }
        catch (CapvecException error)
        {
            var expected = row.TryGetProperty("error", out var message) ? message.GetString()! : "no error";
            if (expected != "template error" && !error.Message.EndsWith($": {expected}", StringComparison.Ordinal))
                wrong.Add($"{name}: {error.Message} instead of {expected}");
            return;
        }

        if (!row.TryGetProperty("text", out var wanted) || wanted.GetString() != text)
            wrong.Add($"{name}:\n{text}\ninstead of\n{(wanted.ValueKind == JsonValueKind.String ? wanted.GetString() : "an error")}");
    }
}
