using Capvec.Formats.Errors;

namespace Capvec.Engine.Families;

/// <summary>The families that the engine runs. A new one is a class beside this one and a member here.</summary>
internal static class ModelFamilies
{
    private static readonly ModelFamily[] All = [new Llama(), new Qwen2(), new Qwen3(), new Qwen35()];

    /// <summary>The family of a config.json.</summary>
    /// <exception cref="CapvecException">None of those supported.</exception>
    public static ModelFamily Of(ConfigReader root)
    {
        var type = root.Text("model_type", "");
        var inner = root.Child("text_config")?.Text("model_type", "");
        return All.FirstOrDefault(f => f.ModelTypes.Contains(type) || (inner is not null && f.ModelTypes.Contains(inner)))
            ?? throw new CapvecException($"{root.Path}: model_type \"{type}\" is not supported; this version runs {string.Join(", ", All.SelectMany(f => f.ModelTypes))}. Choose a model of one of these.");
    }

    /// <summary>The family of a GGUF file.</summary>
    /// <exception cref="CapvecException">None of those supported.</exception>
    public static ModelFamily Of(GgufKeys keys) => All.FirstOrDefault(f => f.Architecture == keys.Architecture)
        ?? throw new CapvecException($"{keys.Path}: general.architecture \"{keys.Architecture}\" is not supported; this version runs {string.Join(", ", All.Select(f => f.Architecture))}. Choose a model of one of these.");
}
