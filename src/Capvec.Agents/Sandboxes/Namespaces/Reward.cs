using System.Globalization;
using System.Text.Json;

namespace Capvec.Agents.Sandboxes.Namespaces;

/// <summary>Reads what a verifier has left: reward.json (numbers by name) where there is one, else reward.txt (one number).</summary>
internal static class Reward
{
    /// <summary>Longest reward file in characters.</summary>
    public const int LongestFile = 65_536;

    /// <summary>The reward, or why there is none.</summary>
    /// <param name="json">The text of reward.json, or null.</param>
    /// <param name="text">The text of reward.txt, or null.</param>
    public static (double? Value, string? Failure) Read(string? json, string? text) =>
        json is not null ? ReadJson(json) : text is not null ? ReadText(text) : (null, "the tests wrote neither reward.txt nor reward.json into /logs/verifier");

    private static (double?, string?) ReadText(string text)
    {
        if (string.IsNullOrWhiteSpace(text))
            return (null, "reward.txt is empty; expected a number from 0 to 1");
        return double.TryParse(text.Trim(), NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
            ? Check("reward.txt", value)
            : (null, $"reward.txt holds \"{Shorten(text.Trim())}\"; expected a number from 0 to 1");
    }

    private static (double?, string?) ReadJson(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                return (null, "reward.json is no object; expected names with numbers");
            var rewards = new Dictionary<string, double>(StringComparer.Ordinal);
            foreach (var property in document.RootElement.EnumerateObject())
            {
                if (property.Value.ValueKind != JsonValueKind.Number || !property.Value.TryGetDouble(out var value))
                    return (null, $"reward.json: \"{Shorten(property.Name)}\" is no number");
                rewards[property.Name] = value;
            }

            if (rewards.TryGetValue("reward", out var named))
                return Check("reward.json", named);
            return rewards.Count == 1
                ? Check("reward.json", rewards.Values.Single())
                : (null, $"reward.json holds {rewards.Count} numbers and none is called \"reward\"; expected that name, or one number alone");
        }
        catch (JsonException e)
        {
            return (null, $"reward.json is not JSON ({e.Message.ReplaceLineEndings(" ")})");
        }
    }

    private static (double?, string?) Check(string file, double value) => value is >= 0 and <= 1
        ? (value, null)
        : (null, string.Create(CultureInfo.InvariantCulture, $"{file} says {value}; expected a number from 0 to 1"));

    private static string Shorten(string text) => text.Length <= 60 ? text : $"{text[..60]}…";
}
