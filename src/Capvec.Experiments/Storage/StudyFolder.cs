using Capvec.Formats.Errors;
using Capvec.Formats.Files;

namespace Capvec.Experiments.Storage;

/// <summary>Where things are in a study's output folder.</summary>
/// <param name="Root">Absolute path.</param>
public sealed record StudyFolder(string Root)
{
    /// <summary>The copy of the study file that the folder was started with.</summary>
    public string Study => Path.Combine(Root, "study.yaml");

    /// <summary>Folder of the traces of all stages.</summary>
    public string Traces => Path.Combine(Root, "traces");

    /// <summary>The captured residuals.</summary>
    public string Activations => Path.Combine(Root, "activations.safetensors");

    /// <summary>Folder of dir.pt and dir.safetensors.</summary>
    public string Vectors => Path.Combine(Root, "vectors");

    /// <summary>The direction set with its provenance.</summary>
    public string Directions => Path.Combine(Vectors, "dir.safetensors");

    /// <summary>The ranking with all figures.</summary>
    public string RankingJson => Path.Combine(Root, "ranking.json");

    /// <summary>What the best direction has to do with other facts about the traces.</summary>
    public string Audit => Path.Combine(Root, "audit.json");

    /// <summary>What the screen found.</summary>
    public string Screen => Path.Combine(Root, "screen.json");

    /// <summary>
    /// Takes the folder for this process and this study: no other process can run in it until the result is disposed (or the process dies), and its study file
    /// stays the one it was started with.
    /// </summary>
    /// <param name="yaml">The study file's text.</param>
    /// <param name="file">Where the study file is, for errors.</param>
    /// <exception cref="CapvecException">The folder belongs to another study or a changed one, or a process is running in it.</exception>
    public IDisposable Claim(string yaml, string file)
    {
        FileStream claim;
        try
        {
            Directory.CreateDirectory(Root);
            claim = new FileStream(Path.Combine(Root, "running.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CapvecException(Directory.Exists(Root) && e is IOException
                ? $"another process is running a study in {Root}; wait for it or end it, or give another --out folder."
                : $"cannot write to {Root}: {e.Message} Give another --out folder.", e);
        }

        try
        {
            if (!File.Exists(Study))
                AtomicFile.WriteText(Study, yaml);
            else if (File.ReadAllText(Study) != yaml)
                throw new CapvecException($"{file} is not the study that {Root} was started with ({Study}); a study is fixed once it has started. Give another --out folder for the changed study, or put the old text, which {Study} keeps, back into {file}.");
            return claim;
        }
        catch
        {
            claim.Dispose();
            throw;
        }
    }
}
