using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Capvec.Formats.Errors;
using Capvec.Formats.Files;

namespace Capvec.Formats.Peft;

/// <summary>
/// The <c>adapter_config.json</c> of a PEFT LoRA adapter. Options that change the forward pass in ways that are not implemented are
/// refused by name, those that cast doubt on the result are warned about, the rest has no influence once the adapter is trained.
/// </summary>
public sealed class PeftConfig
{
    /// <summary>The name that the file has in an adapter folder.</summary>
    public const string FileName = "adapter_config.json";

    private static readonly TimeSpan MatchTime = TimeSpan.FromSeconds(2);

    /// <summary>Options that must be off: absent, null, false or empty.</summary>
    private static readonly HashSet<string> MustBeOff = new(StringComparer.Ordinal)
    {
        "use_dora", "lora_bias", "modules_to_save", "layer_replication", "trainable_token_indices", "target_parameters", "megatron_config",
        "fan_in_fan_out", "use_qalora", "use_bdlora", "alora_invocation_tokens", "arrow_config", "kasa_config", "monteclora_config",
    };

    /// <summary>Options that say how the adapter was trained, and nothing about how it is applied.</summary>
    private static readonly HashSet<string> OfTraining = new(StringComparer.Ordinal)
    {
        "lora_dropout", "inference_mode", "task_type", "layers_to_transform", "layers_pattern", "exclude_modules", "revision", "peft_version",
        "auto_mapping", "qalora_group_size", "megatron_core", "loftq_config", "eva_config", "corda_config", "target_modules",
        "base_model_name_or_path", "init_lora_weights", "runtime_config", "ensure_weight_tying",
    };

    private static readonly string[] InitsThatAlterTheBase = ["pissa", "olora", "corda", "loftq"];

    private readonly List<(Regex Pattern, double Value)> _ranks;
    private readonly List<(Regex Pattern, double Value)> _alphas;

    private PeftConfig(string path, JsonElement root)
    {
        Path = path;
        var type = root.TryGetProperty("peft_type", out var t) && t.ValueKind == JsonValueKind.String ? t.GetString() : null;
        if (type != "LORA")
            throw Refused("peft_type", type is null ? "is missing" : $"is {type}", "only LORA adapters can be loaded");
        Rank = (int)Number(root, "r", whole: true);
        Alpha = Number(root, "lora_alpha", whole: false);
        UseRslora = root.TryGetProperty("use_rslora", out var rs) && rs.ValueKind == JsonValueKind.True;
        BaseModel = root.TryGetProperty("base_model_name_or_path", out var b) && b.ValueKind == JsonValueKind.String ? b.GetString() : null;
        TargetModules = Names(root, "target_modules");
        _ranks = Patterns(root, "rank_pattern");
        _alphas = Patterns(root, "alpha_pattern");
        var warnings = new List<string>();
        foreach (var option in root.EnumerateObject())
            Check(option.Name, option.Value, warnings);
        Warnings = warnings;
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary><c>r</c>: the rank where <c>rank_pattern</c> says nothing else.</summary>
    public int Rank { get; }

    /// <summary><c>lora_alpha</c>: alpha where <c>alpha_pattern</c> says nothing else.</summary>
    public double Alpha { get; }

    /// <summary>Whether the scale is alpha / sqrt(r) instead of alpha / r.</summary>
    public bool UseRslora { get; }

    /// <summary><c>base_model_name_or_path</c>, for people; null when absent.</summary>
    public string? BaseModel { get; }

    /// <summary><c>target_modules</c>, for people: names, or one regular expression. What is adapted is decided by the tensors.</summary>
    public IReadOnlyList<string> TargetModules { get; }

    /// <summary>What the user should know, a line each.</summary>
    public IReadOnlyList<string> Warnings { get; }

    /// <summary>Reads <c>adapter_config.json</c>.</summary>
    /// <param name="path">The file, or the folder that has it.</param>
    /// <exception cref="CapvecException">The file is missing or broken, or an option is on that cannot be honoured; the message names it.</exception>
    public static PeftConfig Load(string path)
    {
        var file = Directory.Exists(path) ? System.IO.Path.Combine(path, FileName) : path;
        using var document = JsonFile.ReadObject(file);
        return new PeftConfig(file, document.RootElement);
    }

    /// <summary>The rank that the config gives a module; the file's tensors have the last word.</summary>
    /// <param name="modulePath">Path in the base model, without <c>base_model.model.</c>.</param>
    public int RankFor(string modulePath) => (int)(FirstMatch(_ranks, modulePath) ?? Rank);

    /// <summary>
    /// The factor s of <c>y = W x + s B (A x)</c>: alpha / r, or alpha / sqrt(r) with rslora, where alpha is that of the first
    /// <c>alpha_pattern</c> key K for which <c>^(.*\.)?(K)$</c> matches the module path, else <see cref="Alpha"/>.
    /// </summary>
    /// <param name="modulePath">Path in the base model, without <c>base_model.model.</c>.</param>
    /// <param name="rank">Rows of the module's A.</param>
    public float ScaleFor(string modulePath, int rank)
    {
        var alpha = FirstMatch(_alphas, modulePath) ?? Alpha;
        return (float)(UseRslora ? alpha / Math.Sqrt(rank) : alpha / rank);
    }

    private double? FirstMatch(List<(Regex Pattern, double Value)> patterns, string modulePath)
    {
        foreach (var (pattern, value) in patterns)
        {
            try
            {
                if (pattern.IsMatch(modulePath))
                    return value;
            }
            catch (RegexMatchTimeoutException e)
            {
                throw new CapvecException($"{Path}: the pattern {pattern} takes longer than {MatchTime.TotalSeconds:F0} s on '{modulePath}'; simplify it.", e);
            }
        }

        return null;
    }

    private void Check(string name, JsonElement value, List<string> warnings)
    {
        if (name == "bias")
        {
            if (IsOn(value) && !(value.ValueKind == JsonValueKind.String && value.GetString() == "none"))
                throw Refused(name, $"is {value.GetRawText()}", "trained biases are not supported, only \"none\"");
        }
        else if (name == "init_lora_weights" && value.ValueKind == JsonValueKind.String)
        {
            var init = value.GetString()!;
            if (InitsThatAlterTheBase.Any(i => init.StartsWith(i, StringComparison.OrdinalIgnoreCase)))
                warnings.Add($"{Path}: init_lora_weights is '{init}': such training changes the base weights too, so on the plain base model the adapter is right only if it was converted to plain LoRA when saved");
        }
        else if (MustBeOff.Contains(name))
        {
            if (IsOn(value))
                throw Refused(name, $"is {Shorten(value)}", "this kind of adapter is not supported; merge it into the model with PEFT and load the result");
        }
        else if (!OfTraining.Contains(name) && !IsRead(name) && IsOn(value))
        {
            if (value.ValueKind is JsonValueKind.True or JsonValueKind.Object)
                throw Refused(name, $"is {Shorten(value)}", "this option is not known, and may change what the adapter computes; merge it into the model with PEFT and load the result");
            warnings.Add($"{Path}: the option {name} = {Shorten(value)} is not known and was left out of account");
        }
    }

    private static bool IsRead(string name) => name is "peft_type" or "r" or "lora_alpha" or "use_rslora" or "rank_pattern" or "alpha_pattern";

    private static bool IsOn(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.False or JsonValueKind.Undefined => false,
        JsonValueKind.String => value.GetString() != "",
        JsonValueKind.Array => value.GetArrayLength() > 0,
        JsonValueKind.Object => value.EnumerateObject().Any(),
        _ => true,
    };

    private double Number(JsonElement root, string name, bool whole)
    {
        if (!root.TryGetProperty(name, out var value) || value.ValueKind != JsonValueKind.Number)
            throw new CapvecException($"{Path}: '{name}' is missing or not a number; save the adapter with PEFT again.");
        var number = value.GetDouble();
        if (!double.IsFinite(number) || (whole && (number < 1 || number > 1 << 20 || number != Math.Floor(number))))
            throw new CapvecException($"{Path}: '{name}' is {value.GetRawText()}; expected {(whole ? "a whole number from 1" : "a finite number")}.");
        return number;
    }

    private static List<string> Names(JsonElement root, string name)
    {
        if (!root.TryGetProperty(name, out var value))
            return [];
        return value.ValueKind switch
        {
            JsonValueKind.String => [value.GetString()!],
            JsonValueKind.Array => [.. value.EnumerateArray().Where(e => e.ValueKind == JsonValueKind.String).Select(e => e.GetString()!)],
            _ => [],
        };
    }

    private List<(Regex Pattern, double Value)> Patterns(JsonElement root, string name)
    {
        var patterns = new List<(Regex, double)>();
        if (!root.TryGetProperty(name, out var map) || map.ValueKind == JsonValueKind.Null)
            return patterns;
        if (map.ValueKind != JsonValueKind.Object)
            throw new CapvecException($"{Path}: '{name}' is {map.ValueKind}; expected an object from patterns to numbers.");
        foreach (var entry in map.EnumerateObject())
        {
            if (entry.Value.ValueKind != JsonValueKind.Number)
                throw new CapvecException($"{Path}: {name}['{entry.Name}'] is {Shorten(entry.Value)}; expected a number.");
            try
            {
                patterns.Add((new Regex($"^(.*\\.)?({entry.Name})$", RegexOptions.CultureInvariant, MatchTime), entry.Value.GetDouble()));
            }
            catch (ArgumentException e)
            {
                throw new CapvecException($"{Path}: {name} has the key '{entry.Name}', which is not a regular expression.", e);
            }
        }

        return patterns;
    }

    private static string Shorten(JsonElement value)
    {
        var text = value.GetRawText();
        return text.Length <= 60 ? text : string.Create(CultureInfo.InvariantCulture, $"{text.AsSpan(0, 57)}...");
    }

    private CapvecException Refused(string option, string found, string why) => new($"{Path}: {option} {found}: {why}.");
}
