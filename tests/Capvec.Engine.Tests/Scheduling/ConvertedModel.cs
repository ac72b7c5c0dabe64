using Capvec.Engine.Conversion;
using Capvec.Engine.Loading;

namespace Capvec.Engine.Tests.Scheduling;

/// <summary>A model folder as GGUF in another format.</summary>
internal static class ConvertedModel
{
    /// <summary>Converts and loads; the file is gone afterwards.</summary>
    public static LanguageModel Load(string folder, string format)
    {
        var path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.gguf");
        try
        {
            GgufConverter.Convert(folder, format, path);
            return LanguageModel.Load(path);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
