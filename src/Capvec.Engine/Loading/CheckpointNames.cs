namespace Capvec.Engine.Loading;

/// <summary>How tensors are called in Hugging Face checkpoints and adapters: text-only and multimodal classes put different prefixes before the same names.</summary>
internal static class CheckpointNames
{
    private static readonly string[] Vision = ["model.visual.", "visual."];
    private static readonly string[] Predicting = ["mtp.", "model.mtp."];

    /// <summary>Prefixes of a text model's tensors.</summary>
    public static IReadOnlyList<string> Prefixes { get; } = ["model.language_model.", "language_model.model.", "model."];

    /// <summary>Strips the prefix of a module path of an adapter, which may follow another naming scheme than the checkpoint.</summary>
    public static string StripPrefix(string module) =>
        Prefixes.FirstOrDefault(p => module.StartsWith(p, StringComparison.Ordinal)) is { } prefix ? module[prefix.Length..] : module;

    /// <summary>Whether a tensor belongs to a vision tower or a multi-token-prediction head.</summary>
    public static bool IsSkipped(string name) => Vision.Concat(Predicting).Any(s => name.StartsWith(s, StringComparison.Ordinal));

    /// <summary>What a skipped tensor belongs to, in words.</summary>
    public static string PartOf(string name) => Vision.Any(s => name.StartsWith(s, StringComparison.Ordinal)) ? "vision tower" : "multi-token-prediction head";
}
