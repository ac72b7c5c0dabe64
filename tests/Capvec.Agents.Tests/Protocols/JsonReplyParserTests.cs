using System.Text.Json;
using Capvec.Agents.Protocols;
using Capvec.Tests;
using FsCheck;
using FsCheck.Fluent;

namespace Capvec.Agents.Tests.Protocols;

public sealed class JsonReplyParserTests
{
    [Fact]
    public void Every_reply_of_the_table_gives_what_the_reference_recipe_gives()
    {
        var count = 0;
        foreach (var line in File.ReadLines(Repository.File("tests", "fixtures", "agents", "parse.jsonl")))
        {
            using var row = JsonDocument.Parse(line);
            var text = row.RootElement.GetProperty("text").GetString()!;
            var reply = JsonReplyParser.Parse(text);
            var shown = text.Length > 300 ? text[..300] + "..." : text;
            if (row.RootElement.TryGetProperty("error", out var error))
            {
                reply.Error.ShouldBe(error.GetString(), shown);
                reply.Commands.ShouldBeEmpty(shown);
                reply.Complete.ShouldBeFalse(shown);
            }
            else
            {
                reply.Error.ShouldBeNull(shown);
                reply.Commands.Select(c => c.Keystrokes).ShouldBe(KeysOf(row.RootElement), shown);
                reply.Complete.ShouldBe(row.RootElement.GetProperty("done").GetBoolean(), shown);
            }

            count++;
        }

        count.ShouldBeGreaterThan(1000);
    }

    [Fact]
    public void Any_texts_come_back_from_a_reply_that_was_written_with_another_json_library()
    {
        Prop.ForAll<string[], bool, string>(
            (keys, done, plan) =>
            {
                keys = [.. keys.Select(k => WellFormed(k ?? ""))];
                var text = JsonSerializer.Serialize(new { analysis = WellFormed(plan ?? ""), plan = 1.5e-3, commands = keys.Select(k => new { keystrokes = k }), task_complete = done });
                var reply = JsonReplyParser.Parse("Here: " + text + " }");
                return reply.Error is null && reply.Complete == done && reply.Commands.Select(c => c.Keystrokes).SequenceEqual(keys.Where(k => !k.Contains('\0')));
            }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void A_value_nested_deeper_than_any_reader_follows_is_invalid_and_does_not_end_the_process() =>
        JsonReplyParser.Parse("{\"analysis\": " + new string('[', 1_000_000)).Error.ShouldBe("invalid JSON");

    [Theory]
    [InlineData("0.1", 0.1)]
    [InlineData("3", 3.0)]
    [InlineData("\"1\"", null)]
    [InlineData("NaN", null)]
    [InlineData("1e999", null)]
    public void A_duration_is_kept_where_it_is_a_finite_number(string duration, double? expected) =>
        JsonReplyParser.Parse($$"""{"analysis": 1, "plan": 1, "commands": [{"keystrokes": "a", "duration": {{duration}}}]}""").Commands.Single().Duration.ShouldBe(expected);

    private static string WellFormed(string text) => new([.. text.Select(c => char.IsSurrogate(c) ? '?' : c)]);

    private static IEnumerable<string> KeysOf(JsonElement row) => row.TryGetProperty("keys", out var keys)
        ? keys.EnumerateArray().Select(k => k.GetString()!)
        : row.GetProperty("keys_utf16").EnumerateArray().Select(k => new string([.. k.EnumerateArray().Select(u => (char)u.GetInt32())]));
}
