using Capvec.Formats.Errors;

namespace Capvec.Formats.Files;

/// <summary>Folders that a command writes into.</summary>
public static class OutputFolder
{
    /// <summary>Makes a folder where it is missing.</summary>
    /// <exception cref="CapvecException">It cannot be made.</exception>
    public static void Create(string path)
    {
        try
        {
            Directory.CreateDirectory(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CapvecException($"cannot make the folder {path}: {e.Message.TrimEnd('.')}; choose another place.", e);
        }
    }

    /// <summary>Copies a file into a folder, under its own name; one that is there is not overwritten.</summary>
    /// <exception cref="CapvecException">It cannot be read or written.</exception>
    public static void Add(string folder, string file) => Add(folder, file, Path.GetFileName(file));

    /// <summary>The same under another name.</summary>
    /// <exception cref="CapvecException">It cannot be read or written.</exception>
    public static void Add(string folder, string file, string name)
    {
        try
        {
            File.Copy(file, Path.Combine(folder, name));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CapvecException($"cannot copy {file} to {folder}: {e.Message.TrimEnd('.')}; free some space or choose another place, then run the command again.", e);
        }
    }
}
