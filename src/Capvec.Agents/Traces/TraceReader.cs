using System.Text.Json;
using Capvec.Formats.Errors;
using Capvec.Formats.Files;

namespace Capvec.Agents.Traces;

/// <summary>Reads traces. It is strict: a key that ATIF does not know, or a value that breaks its rules, is an error that names file and field.</summary>
public static class TraceReader
{
    /// <summary>Reads every *.json below a folder, in the order of the paths, one at a time.</summary>
    /// <exception cref="CapvecException">The folder is missing, or a file is no trace.</exception>
    public static IEnumerable<Trajectory> LoadAll(string folder)
    {
        if (!Directory.Exists(folder))
            throw new CapvecException($"there is no folder of traces {folder}; collect some first, or give another folder.");
        return Directory.EnumerateFiles(folder, "*.json", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(Load);
    }

    /// <summary>Reads one trace.</summary>
    /// <exception cref="CapvecException">The file cannot be read or is no trace.</exception>
    public static Trajectory Load(string path)
    {
        FileStream stream;
        try
        {
            stream = InputFile.OpenRead(path, seekable: false);
        }
        catch (CapvecException e)
        {
            throw new CapvecException($"cannot read the trace: {e.Message}", e);
        }

        try
        {
            using (stream)
                return Parse(stream, path);
        }
        catch (IOException e)
        {
            throw new CapvecException($"cannot read the trace {path}: {e.Message}", e);
        }
    }

    private static Trajectory Parse(Stream stream, string path)
    {
        Trajectory? trajectory;
        try
        {
            trajectory = JsonSerializer.Deserialize<Trajectory>(stream, TraceJson.Options);
        }
        catch (JsonException e)
        {
            throw new CapvecException($"{path}: {TraceJsonError.Describe(e)}. Expected a trace in {Trajectory.CurrentVersion} (docs/formats.md).", e);
        }

        if (trajectory is null)
            throw new CapvecException($"{path} holds null. Expected a trace in {Trajectory.CurrentVersion} (docs/formats.md).");
        if (TraceRules.Broken(trajectory) is var (field, rule))
            throw new CapvecException($"{path}: {field} {rule}. Mend the file or leave it out.");
        return trajectory;
    }
}
