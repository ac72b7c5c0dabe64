using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Capvec.Formats.Errors;
using Capvec.Formats.Gguf;
using Capvec.Steering.Directions;

namespace Capvec.Steering.Exchange.Formats;

/// <summary>
/// GLP (msuiche/weightless, spec/GLP.md): keys <c>glp.*</c> of a control vector that say what is done with it. A reader has to fail on what it does not know: <c>mode</c> other than add and project,
/// another <c>hook_point</c> than the residual stream after a block, versions above 2, several directions a layer, a hash or a list of layers that does not fit the tensors.
/// </summary>
internal sealed class GlpMetadata
{
    /// <summary>Prefix of the keys.</summary>
    public const string Keys = "glp.";

    /// <summary>The hook point that Capvec's layers are.</summary>
    public const string HookPoint = "residual_stream_post_layer";

    private readonly GgufMetadata _metadata;

    private GlpMetadata(GgufMetadata metadata, bool isProjected) => (_metadata, IsProjected) = (metadata, isProjected);

    /// <summary>Whether the directions are to be projected out.</summary>
    public bool IsProjected { get; }

    /// <summary>The keys of a file; null where there are none.</summary>
    /// <exception cref="CapvecException">A value is not known.</exception>
    public static GlpMetadata? Read(GgufFile file)
    {
        var metadata = file.Metadata;
        if (!metadata.Values.Keys.Any(k => k.StartsWith(Keys, StringComparison.Ordinal)))
            return null;
        CapvecException Refused(string key, object? value, string expected) => new($"{file.Path}: {Keys}{key} is {value}; expected {expected}, and GLP forbids to guess.");
        var mode = metadata.FindString("glp.mode") ?? "add";
        if (mode is not ("add" or "project"))
            throw Refused("mode", mode, "add or project");
        if (metadata.FindString("glp.hook_point") is { } hook && hook != HookPoint)
            throw Refused("hook_point", hook, HookPoint);
        if (metadata.FindInteger("glp.spec_version") is { } version and not (1 or 2))
            throw Refused("spec_version", version, "1 or 2");
        if (metadata.FindInteger("glp.rank") is { } rank and not 1)
            throw Refused("rank", rank, "1 (Capvec keeps one direction a layer)");
        return new GlpMetadata(metadata, mode == "project");
    }

    /// <summary>SHA-256 over the tensors' bytes by rising layer, as <c>glp.content_sha256</c> states it.</summary>
    public static string ContentHash(IEnumerable<float[]> vectors)
    {
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var vector in vectors)
            sha.AppendData(MemoryMarshal.AsBytes<float>(vector));
        return Convert.ToHexStringLower(sha.GetHashAndReset());
    }

    /// <summary>Layers as <c>glp.layer_ids_zero_based</c> lists them.</summary>
    public static string LayerList(IEnumerable<int> layers) => string.Join(',', layers.Order().Select(l => l.ToString(CultureInfo.InvariantCulture)));

    /// <summary>Checks what the keys say about the tensors.</summary>
    /// <exception cref="CapvecException">It is not so.</exception>
    public void Check(string path, Dictionary<int, GgufTensor> tensors, GgufFile file)
    {
        if (tensors.ContainsKey(0))
            throw new CapvecException($"{path}: it has direction.0, which GLP forbids; the file's layers may be shifted, make it again.");
        if (_metadata.FindString("glp.layer_ids_zero_based") is { } list && list.Replace(" ", "", StringComparison.Ordinal) != LayerList(tensors.Keys))
            throw new CapvecException($"{path}: glp.layer_ids_zero_based is {list}, but the tensors are of layers {LayerList(tensors.Keys)}; make the file again.");
        if (_metadata.FindString("glp.content_sha256") is { } hash && hash != ContentHash(tensors.OrderBy(t => t.Key).Select(t => file.ReadFloat32(t.Value.Name))))
            throw new CapvecException($"{path}: glp.content_sha256 is not that of the tensors; the file was changed or cut, download it again.");
    }

    /// <summary>A provenance with what the keys say and it does not.</summary>
    public DirectionProvenance Complete(DirectionProvenance known) => known with
    {
        IsForAblation = IsProjected,
        Estimator = known.Estimator ?? _metadata.FindString("glp.method"),
        Contrast = known.Contrast ?? _metadata.FindString("glp.contrast"),
        Created = known.Created ?? (DateTimeOffset.TryParse(_metadata.FindString("glp.created"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var created) ? created : (DateTimeOffset?)null),
    };

    /// <summary>What a user has to know to apply the directions as the file means.</summary>
    public IEnumerable<string> Notes(string path)
    {
        if (IsProjected)
            yield return $"{path}: GLP's mode is project: the directions are to be taken out (operation ablate), and adding them is refused";
        if (_metadata.FindNumber("glp.alpha_default") is { } alpha && alpha != 1)
            yield return string.Create(CultureInfo.InvariantCulture, $"{path}: GLP's alpha_default is {alpha:G4}; {(IsProjected ? "Capvec's ablate takes the component out once, which is alpha 1" : "give it as the strength")}");
        foreach (var key in new[] { "glp.layer_scales", "glp.dir_scales", "glp.derived_at" })
        {
            if (_metadata.FindString(key) is { } value)
                yield return $"{path}: {key} is {value}, which is not applied";
        }

        if (_metadata.FindString("general.base_model.0.name") is { } model)
            yield return $"{path}: made for {model}{(_metadata.FindString("general.base_model.0.version") is { } version ? $" at {version}" : "")}";
    }
}
