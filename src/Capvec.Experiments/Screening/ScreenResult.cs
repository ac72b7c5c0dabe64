using System.Text.Encodings.Web;
using System.Text.Json;
using Capvec.Formats.Errors;
using Capvec.Formats.Files;

namespace Capvec.Experiments.Screening;

/// <summary>What a screen found: the content of screen.json.</summary>
public sealed record ScreenResult
{
    /// <summary>Value of <c>format</c> in the files written here.</summary>
    public const string CurrentFormat = "capvec-screen-1";

    private const int Proposed = 5;

    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The file's format.</summary>
    public string Format { get; init; } = CurrentFormat;

    /// <summary>Hash of the model.</summary>
    public required string ModelHash { get; init; }

    /// <summary>Hash of the direction set whose margins give the strengths.</summary>
    public required string DirectionsHash { get; init; }

    /// <summary>What one unit of strength is: residual, difference or norm.</summary>
    public required string Unit { get; init; }

    /// <summary>Most KL of a proposed point.</summary>
    public required double KlBound { get; init; }

    /// <summary>The KL of <see cref="IsoKl"/>, or null.</summary>
    public double? TargetKl { get; init; }

    /// <summary>Solved traces read.</summary>
    public required int Solved { get; init; }

    /// <summary>Failed traces read.</summary>
    public required int Failed { get; init; }

    /// <summary>Their tasks.</summary>
    public required int Tasks { get; init; }

    /// <summary>The agent's tokens in them.</summary>
    public required int Tokens { get; init; }

    /// <summary>Of these, how many KL was taken at.</summary>
    public required int KlTokens { get; init; }

    /// <summary>How the directions come to be held out from the traces, in words.</summary>
    public required string HeldOut { get; init; }

    /// <summary>Every layer and strength, the largest predicted effect first.</summary>
    public required IReadOnlyList<ScreenPoint> Points { get; init; }

    /// <summary>The point of each layer at the target KL; layers whose KL does not reach it are left out.</summary>
    public IReadOnlyList<ScreenPoint> IsoKl { get; init; } = [];

    /// <summary>What it proposes to try: the best points of the window, one a layer, at most five.</summary>
    public IReadOnlyList<ScreenPoint> Proposals() => [.. Points.Where(p => p.InWindow).DistinctBy(p => p.Layer).Take(Proposed)];

    /// <summary>By layer, the strengths that are in the window; layers without are left out.</summary>
    public IReadOnlyList<ScreenWindow> Windows() =>
        [.. Points.Where(p => p.InWindow).GroupBy(p => p.Layer).OrderBy(g => g.Key).Select(g => new ScreenWindow(g.Key, g.Min(p => p.Strength), g.Max(p => p.Strength)))];

    /// <summary>Writes screen.json, whole or not at all.</summary>
    /// <exception cref="CapvecException">The folder cannot be written.</exception>
    public void Save(string path) => AtomicFile.WriteText(path, JsonSerializer.Serialize(this, Json) + "\n");

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    /// <exception cref="CapvecException">The file is missing or not a screen.</exception>
    public static ScreenResult Load(string path)
    {
        try
        {
            var result = JsonSerializer.Deserialize<ScreenResult>(File.ReadAllText(path), Json);
            return result is { Format: CurrentFormat } ? result : throw new JsonException($"its format is '{result?.Format}', expected {CurrentFormat}.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new CapvecException($"{path} cannot be read as a screen: {e.Message} Remove it and screen again.", e);
        }
    }
}
