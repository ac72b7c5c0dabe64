using Capvec.Formats.Errors;
using Capvec.Formats.Files;

namespace Capvec.Cli.Options;

/// <summary>Text files that an option names.</summary>
internal static class TextFile
{
    /// <summary>Reads one.</summary>
    /// <param name="option">The option, for errors.</param>
    /// <param name="path">The file.</param>
    /// <exception cref="CapvecException">It is missing, no file, not UTF-8, or cannot be read: wrong usage.</exception>
    public static string Read(string option, string path)
    {
        try
        {
            return InputFile.ReadText(path);
        }
        catch (CapvecException e)
        {
            throw new CapvecException($"{option}: {e.Message}", e, CapvecException.WrongUsage);
        }
    }
}
