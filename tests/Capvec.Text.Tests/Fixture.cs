using System.Text.Json;
using Capvec.Tests;

namespace Capvec.Text.Tests;

/// <summary>Reads fixtures: one JSON value a line.</summary>
internal static class Fixture
{
    public static string PhantomFolder => Repository.File("models", "phantom", "checkpoint");

    public static string Path(string name) => Repository.File("tests", "fixtures", "text", name);

    public static List<JsonElement> Lines(string path) =>
        [.. File.ReadLines(path).Where(line => line.Length > 0).Select(line => JsonElement.Parse(line))];

    public static int[] Ints(this JsonElement list) => [.. list.EnumerateArray().Select(item => item.GetInt32())];
}
