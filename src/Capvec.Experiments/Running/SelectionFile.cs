using System.Text.Json;
using Capvec.Experiments.Storage;
using Capvec.Formats.Errors;
using Capvec.Formats.Files;

namespace Capvec.Experiments.Running;

/// <summary>selection.json: what was chosen and why.</summary>
internal static class SelectionFile
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public static void Save(StudyFolder folder, Candidate candidate) => AtomicFile.WriteText(PathIn(folder), JsonSerializer.Serialize(candidate, Json) + "\n");

    /// <summary>What was chosen, or null where nothing was (yet).</summary>
    public static Candidate? Load(StudyFolder folder)
    {
        if (!File.Exists(PathIn(folder)))
            return null;
        try
        {
            return JsonSerializer.Deserialize<Candidate>(File.ReadAllText(PathIn(folder)), Json);
        }
        catch (JsonException e)
        {
            throw new CapvecException($"{PathIn(folder)} is not the choice of a study: {e.Message} Remove it and run the study again.", e);
        }
    }

    private static string PathIn(StudyFolder folder) => Path.Combine(folder.Root, "selection.json");
}
